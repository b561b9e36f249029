"""What two pinned entries are compared by."""

import base64
import json
import zlib

import numpy as np
import pytest

from zcnas.judging.outcomes import Collector, analyse
from zcnas.judging.statistics import paired_differences
from zcnas.pages.comparison import ERROR_UNIT, pack_differences, paired_errors


@pytest.fixture(scope="module")
def analysis(references, predict):
    collector = Collector(references, 3)
    for row, noise in enumerate((1.0, 2.0, 6.0)):
        collector.add(row, predict(noise, row))
    return analyse("practice", collector.outcomes(), 0.0, resamples=500)


def test_every_error_is_that_of_the_paired_resamples(analysis):
    errors = paired_errors(analysis.resampled_means)
    for leader in range(3):
        _, expected = paired_differences(analysis.means, analysis.resampled_means, leader)
        assert errors[leader] == pytest.approx(expected, abs=1e-6)


def test_the_page_holds_every_pair_once_in_the_order_of_the_ranking(analysis):
    packed = pack_differences(analysis, [2, 0, 1], ["c", "a", "b"])
    entries, errors = json.loads(zlib.decompress(base64.b64decode(packed)))
    assert entries["columns"][0] == ["c", "a", "b"]
    assert entries["columns"][1] == pytest.approx(analysis.means[[2, 0, 1]], abs=1e-6)
    expected = paired_errors(analysis.resampled_means)
    pairs = [expected[2, 0], expected[2, 1], expected[0, 1]]
    assert np.array(errors["columns"][0]) * ERROR_UNIT == pytest.approx(pairs, abs=ERROR_UNIT)

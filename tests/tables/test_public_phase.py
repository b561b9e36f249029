"""The one table that needs no download: what the public phases show."""

import json

import pytest

from zcnas.benchmarks import get_benchmark
from zcnas.errors import TableError
from zcnas.tables import load_table

KEY = "transbench101_micro_forged_digits"


def test_the_table_joins_both_halves_of_a_public_phase(repository):
    table = load_table(get_benchmark(KEY), "public_phase")
    inputs = json.loads((repository / f"starting_kit/input_data/{KEY}.json").read_text())
    reference = json.loads((repository / f"reference_data/practice_forged/{KEY}.json").read_text())
    for each in inputs["architectures"]:
        assert table.accuracies[each["spec"]] == (reference["accuracies"][each["id"]],)
    assert len(table.accuracies) == 100
    assert table.sha256 == reference["table_sha256"]


@pytest.mark.parametrize("key", ["nasbench201_cifar10", "nasbench201_cifar100"])
def test_the_practice_phase_is_one_too(key):
    assert len(load_table(get_benchmark(key), "public_phase").accuracies) == 100


def test_a_benchmark_that_nobody_has_drawn_is_refused_with_those_that_are():
    with pytest.raises(TableError, match=f"no public phase has drawn .*nasbench301_.*: .*{KEY}"):
        load_table(get_benchmark("nasbench301_cifar10"), "public_phase")

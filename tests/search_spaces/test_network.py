import pytest

from zcnas.benchmarks import BENCHMARKS
from zcnas.errors import PhaseError
from zcnas.search_spaces import parse_spec


def test_an_unknown_search_space_is_refused_with_the_known_ones():
    with pytest.raises(PhaseError, match="unknown search space 'nasbench999'.*nasbench201"):
        parse_spec("nasbench999", "x")


def test_every_benchmark_key_fits_the_platforms_columns():
    assert all(len(key) <= 36 for key in BENCHMARKS)

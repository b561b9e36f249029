"""A submission is asked about any benchmark that has a table, by one phase's terms."""

import pytest

from zcnas.benchmarks import get_benchmark
from zcnas.errors import PhaseError
from zcnas.organiser.tabled import open_phase

FORGED = "transbench101_micro_forged_digits"


def test_a_forged_benchmark_is_asked_by_the_terms_of_its_search_space():
    phase = open_phase([FORGED, "transbench101_micro_jigsaw"])
    assert sorted(phase.benchmarks) == [FORGED, "transbench101_micro_jigsaw"]
    sizes = {phase.batch_size_of(get_benchmark(key)) for key in phase.benchmarks}
    assert len(sizes) == 1
    assert phase.truth == "public"


def test_a_benchmark_that_nobody_knows_is_refused():
    with pytest.raises(PhaseError, match="nasbench301_scifar10"):
        open_phase(["nasbench201_ninapro", "nasbench301_scifar10"])

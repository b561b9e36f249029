import itertools

import pytest

from zcnas.analyses.plan import (
    distinct_cells,
    planned_architectures,
    planned_benchmarks,
    stratified,
)
from zcnas.benchmarks import get_benchmark


def test_nasbench201_has_6466_cells_that_are_not_isomorphic():
    assert len(distinct_cells()) == 6466


def test_the_plan_starts_with_nasbench201_and_ends_with_the_tasks():
    keys = [benchmark.key for benchmark in planned_benchmarks()]
    assert keys[:4] == [
        *(f"nasbench201_{name}" for name in ("cifar10", "cifar100", "imagenet16_120")),
        "nasbench101_cifar10",
    ]
    assert all(key.startswith("transbench101") for key in keys[-14:])


def test_strata_are_even_and_both_ends_come_early():
    ordered = [f"{number:03d}" for number in range(301)]
    chosen = stratified(ordered, 101)
    assert sorted(chosen) == ordered[::3]
    assert len(set(chosen)) == 101
    middle = sorted(int(text) for text in chosen[:16])
    assert max(b - a for a, b in itertools.pairwise(middle)) < 60
    assert stratified(["a", "b"], 150) == ["a", "b"]


@pytest.mark.real_table
def test_a_thousand_cells_of_nasbench101_are_drawn_from_its_export(data_folder):
    found = planned_architectures(get_benchmark("nasbench101_cifar10"), data_folder)
    assert len(set(found)) == 1000
    seven = sum(text.count("/") == 6 for text in found) / 1000
    assert seven == pytest.approx(0.848, abs=0.05)

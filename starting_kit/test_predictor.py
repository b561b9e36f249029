"""Tests of your predictor on networks of all five search spaces: ``python test_predictor.py``.

They run in this process, at a small batch. pytest runs them as well.
"""

import functools
import math

from predictor import ZeroCostPredictor

import zcnas

BENCHMARKS = (
    "nasbench101_cifar10",
    "nasbench201_cifar10",
    "nasbench301_cifar10",
    "transbench101_micro_jigsaw",
    "transbench101_macro_jigsaw",
)


@functools.cache
def tried(benchmark):
    """Return what becomes of two networks of a benchmark."""
    return zcnas.try_predictor(ZeroCostPredictor(), benchmark, n=2, batch_size=4)


def test_every_network_gets_a_finite_score():
    """Nothing is raised, and no score is infinite."""
    for benchmark in BENCHMARKS:
        found = tried(benchmark)
        assert not found.failures, f"{benchmark}: {dict(found.failures)}"
        assert all(math.isfinite(query.score) for query in found.queries), benchmark


def test_different_networks_get_different_scores():
    """Two networks of different sizes are told apart."""
    for benchmark in BENCHMARKS:
        assert len({query.score for query in tried(benchmark).queries}) == 2, benchmark


if __name__ == "__main__":
    test_every_network_gets_a_finite_score()
    test_different_networks_get_different_scores()
    print("every network of every search space gets a score of its own")

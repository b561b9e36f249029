"""Tests of your predictor on networks of all five search spaces: ``python test_predictor.py``.

They run in this process and take seconds. pytest runs them as well.
"""

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


def test_every_network_gets_a_finite_score():
    """Nothing is raised, and no score is infinite."""
    for benchmark in BENCHMARKS:
        tried = zcnas.try_predictor(ZeroCostPredictor(), benchmark, n=2)
        assert not tried.failures, f"{benchmark}: {dict(tried.failures)}"
        assert all(math.isfinite(query.score) for query in tried.queries), benchmark


def test_different_networks_get_different_scores():
    """Two networks of different sizes are told apart."""
    for benchmark in BENCHMARKS:
        tried = zcnas.try_predictor(ZeroCostPredictor(), benchmark, n=2)
        assert len({query.score for query in tried.queries}) == 2, benchmark


if __name__ == "__main__":
    test_every_network_gets_a_finite_score()
    test_different_networks_get_different_scores()
    print("every network of every search space gets a score of its own")

"""The policies about scores, one test per policy, and tau-b against its definition."""

import itertools
import math
import random

import pytest
from scipy.stats import kendalltau

from zcnas.judging.metrics import kendall_tau, mean_over_benchmarks

ACCURACIES = [10.0, 20.0, 30.0, 40.0, 50.0]


def tau_b_by_definition(scores, accuracies):
    """All pairs, counted one by one."""
    concordant = discordant = only_scores = only_accuracies = 0
    for (s1, a1), (s2, a2) in itertools.combinations(zip(scores, accuracies, strict=True), 2):
        if s1 == s2 and a1 == a2:
            continue
        if s1 == s2:
            only_scores += 1
        elif a1 == a2:
            only_accuracies += 1
        elif (s1 < s2) == (a1 < a2):
            concordant += 1
        else:
            discordant += 1
    pairs = concordant + discordant
    return (concordant - discordant) / math.sqrt((pairs + only_scores) * (pairs + only_accuracies))


def test_truth_as_scores_gives_one():
    assert kendall_tau(ACCURACIES, ACCURACIES) == 1.0


def test_reversed_scores_give_minus_one():
    assert kendall_tau(ACCURACIES[::-1], ACCURACIES) == -1.0


def test_tau_is_kendalls_tau_b_by_its_definition():
    rng = random.Random(0)
    for _ in range(50):
        scores = [float(rng.randrange(6)) for _ in range(25)]
        accuracies = [float(rng.randrange(8)) for _ in range(25)]
        expected = tau_b_by_definition(scores, accuracies)
        assert kendall_tau(scores, accuracies) == pytest.approx(expected, abs=1e-12)


def test_tau_is_scipys_tau_b_on_a_thousand_architectures():
    rng = random.Random(1)
    for distinct in (3, 50, 10**9):
        scores = [float(rng.randrange(distinct)) for _ in range(1000)]
        accuracies = [round(score + rng.gauss(0, distinct / 3)) * 1.0 for score in scores]
        expected = kendalltau(scores, accuracies, variant="b").statistic
        assert kendall_tau(scores, accuracies) == pytest.approx(expected, abs=1e-12)


def test_constant_scores_give_the_failure_tau():
    assert kendall_tau([7.0] * 5, ACCURACIES) == 0.0
    assert kendall_tau([7.0] * 5, ACCURACIES, failure_tau=-0.25) == -0.25


def test_failing_everything_equals_a_constant():
    assert kendall_tau([None] * 5, ACCURACIES) == kendall_tau([7.0] * 5, ACCURACIES) == 0.0


def test_abstaining_equals_returning_minus_infinity():
    for failed in ([0], [4], [1, 3]):
        abstained = [None if i in failed else float(i) for i in range(5)]
        minus_infinity = [-math.inf if i in failed else float(i) for i in range(5)]
        assert kendall_tau(abstained, ACCURACIES) == kendall_tau(minus_infinity, ACCURACIES)


def test_failed_architectures_are_below_minus_infinity():
    # Ranks 0, 1, 2: with the accuracies in the same order this is the perfect ranking.
    assert kendall_tau([None, -math.inf, 3.0], [1.0, 2.0, 3.0]) == pytest.approx(1.0)


def test_failed_architectures_are_tied_and_stay_in_the_ranking():
    # Two failed at the bottom: 10 pairs, one tied in scores only, 9 concordant: 9 / sqrt(10 * 9).
    scores = [None, None, 3.0, 4.0, 5.0]
    assert kendall_tau(scores, ACCURACIES) == pytest.approx(9 / math.sqrt(90))


def test_infinities_are_scores():
    assert kendall_tau([-math.inf, 0.0, math.inf], [1.0, 2.0, 3.0]) == pytest.approx(1.0)


def test_scores_are_compared_as_they_are_and_never_rounded():
    scores = [1.0, 1.0 + 2**-52, 1e300, 1e300 * (1 + 2**-52)]
    assert kendall_tau(scores, [1.0, 2.0, 3.0, 4.0]) == pytest.approx(1.0)


def test_the_score_is_the_plain_mean_over_benchmarks():
    assert mean_over_benchmarks({"a": 0.5, "b": -0.25, "c": 0.0}) == pytest.approx(0.25 / 3)

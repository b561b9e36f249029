"""The figure of merit: Kendall's tau-b of one benchmark, and the mean over benchmarks.

With P concordant pairs, Q discordant pairs, X pairs tied only in the scores and Y pairs tied only
in the accuracies,

    tau_b = (P − Q) / √((P + Q + X) · (P + Q + Y)),

between −1 and 1, higher is better. The pairs are counted in integers, so the perfect ranking gives
exactly 1. The count is our own few lines because importing ``scipy.stats`` takes longer than
scoring 28 benchmarks of 1000 architectures; the tests hold it against SciPy.

Reference: Kendall, "The Treatment of Ties in Ranking Problems", Biometrika 33, 1945; the counting
    by
insertion follows Knight, "A Computer Method for Calculating Kendall's Tau with Ungrouped Data",
JASA 61, 1966.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Mapping, Sequence


def kendall_tau(
    scores: Sequence[float | None], accuracies: Sequence[float], failure_tau: float = 0.0
) -> float:
    """Return the tau-b of N scores with N accuracies.

    Args:
        scores: What the predictor returned, infinities allowed; None for a failed architecture.
            Failed architectures are tied with each other strictly below every valid score, −Inf
            included; none leaves the ranking.
        accuracies: The truth, in the same order.
        failure_tau: The value where the scores carry no ranking information: all are equal, or all
            failed.

    Returns:
        A finite number in [−1, 1], 1 for the right order.
    """
    ranks = [(score is not None, score or 0.0) for score in scores]
    pairs = math.comb(len(ranks), 2)
    untied_in_scores = pairs - _tied_pairs(ranks)
    untied_in_accuracies = pairs - _tied_pairs(accuracies)
    if untied_in_scores == 0 or untied_in_accuracies == 0:
        return failure_tau
    surplus = _concordant_minus_discordant(ranks, accuracies)
    return surplus / math.sqrt(untied_in_scores * untied_in_accuracies)


def mean_over_benchmarks(taus: Mapping[str, float]) -> float:
    """Return the plain mean of one tau per benchmark: the score of a submission."""
    return math.fsum(taus.values()) / len(taus)


def _tied_pairs(values: Sequence[object]) -> int:
    return sum(math.comb(count, 2) for count in Counter(values).values())


def _concordant_minus_discordant(
    ranks: Sequence[tuple[bool, float]], accuracies: Sequence[float]
) -> int:
    """Return P − Q: go through the ranks upwards, comparing with the accuracies seen so far."""
    seen: list[float] = []  # accuracies of strictly lower ranks, sorted
    surplus = 0
    by_rank = sorted(zip(ranks, accuracies, strict=True))
    for _, group in itertools.groupby(by_rank, key=lambda pair: pair[0]):
        tied = [accuracy for _, accuracy in group]
        for accuracy in tied:
            lower, not_higher = bisect_left(seen, accuracy), bisect_right(seen, accuracy)
            surplus += lower - (len(seen) - not_higher)
        for accuracy in tied:
            insort(seen, accuracy)
    return surplus

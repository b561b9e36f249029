"""What a page tells beside tau-b. Information about a predictor, never part of its score.

All take dense ranks (N,), higher better, as ``zcnas.judging.statistics.rank_scores`` makes them,
so that failed architectures are tied below every valid score here too.

Reference: Kendall, Biometrika 30, 1938 (tau-a); Spearman, American Journal of Psychology 15, 1904.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from zcnas.judging.metrics import kendall_tau

Ranks = NDArray[np.int32]
Floats = NDArray[np.float64]
TOP_SHARE = 0.1
"""Top-k precision looks at this share of the architectures."""


def tau_a(tau_b: float, ranks: Ranks, truth: Ranks) -> float:
    """Return Kendall's tau-a, (P − Q) / (N (N − 1) / 2), from tau-b and the ties.

    It never exceeds tau-b in size: a tied pair counts as one not ordered, where tau-b leaves it out
    of the denominator. Coarse scores therefore look better by tau-b.
    """
    pairs = math.comb(len(ranks), 2)
    return tau_b * math.sqrt(_untied(ranks) * _untied(truth)) / pairs


def distinct_scores(ranks: Ranks) -> int:
    """Return how many different outcomes there are; all failures together are one."""
    return len(np.unique(ranks))


def spearman(ranks: Ranks, truth: Ranks) -> float:
    """Return Spearman's rho: Pearson's correlation of mean ranks; 0 if either side is all equal."""
    x, y = _mean_ranks(ranks), _mean_ranks(truth)
    x, y = x - x.mean(), y - y.mean()
    scale = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / scale if scale else 0.0


def top_k(architectures: int) -> int:
    """Return k of the top-k precision: the tenth part of the architectures, at least one."""
    return max(round(TOP_SHARE * architectures), 1)


def top_k_precision(ranks: Ranks, truth: Ranks, k: int) -> float:
    """Return which share of the k best by score are among the k best by accuracy.

    Of values tied across the k-th place, each belongs with the share of places left for them, so
    the result is the expectation over random orders of the ties.
    """
    return float(_membership(ranks, k) @ _membership(truth, k)) / k


def best_of_top(ranks: Ranks, accuracies: Floats, k: int) -> float:
    """Return the best accuracy among the k highest scores, expected over random orders of ties.

    What a search finds that trains the k networks a predictor ranks first.
    """
    share, certain = _share_at_threshold(ranks, k)
    best = float(accuracies[certain].max()) if certain.any() else -math.inf
    threshold = np.sort(ranks)[-k]
    tied = np.sort(accuracies[ranks == threshold])[::-1]
    places = round(share * len(tied))
    if best >= tied[0]:
        return best
    # Of m tied architectures, j are taken: the i-th best of them is the best taken with
    # probability C(m − i, j − 1) / C(m, j), counted from i = 1.
    total = math.comb(len(tied), places)
    chances = [math.comb(len(tied) - i - 1, places - 1) / total for i in range(len(tied))]
    return math.fsum(c * max(best, float(a)) for c, a in zip(chances, tied, strict=True))


def top_k_regret(ranks: Ranks, accuracies: Floats, k: int) -> float:
    """Return how far ``best_of_top`` stays behind the best accuracy of all, at least 0."""
    return float(accuracies.max()) - best_of_top(ranks, accuracies, k)


def ndcg(ranks: Ranks, accuracies: Floats, k: int) -> float:
    """Return the normalised discounted cumulative gain at k, 0 to 1.

        DCG@k = Σ_{i ≤ k} g_i / log₂(i + 1),   g = (accuracy − lowest) / (highest − lowest)

    with i the place by score, divided by the DCG@k of the order by accuracy. Tied scores take the
    mean gain of their group; gains are linear in the accuracy, so that the unit does not matter.

    Reference: Järvelin and Kekäläinen, ACM TOIS 20, 2002; McSherry and Najork, ECIR 2008 (ties).
    """
    spread = float(np.ptp(accuracies))
    if spread == 0:
        return 1.0
    gains = (accuracies - accuracies.min()) / spread
    _, inverse, counts = np.unique(ranks, return_inverse=True, return_counts=True)
    means = np.bincount(inverse, gains) / counts
    discounts = 1 / np.log2(np.arange(k) + 2)
    order = np.argsort(-ranks, kind="stable")[:k]
    return float(means[inverse][order] @ discounts) / float(np.sort(gains)[::-1][:k] @ discounts)


def noise_ceiling(values: Iterable[Sequence[float]]) -> float | None:
    """Return the mean tau-b between two training seeds, over all pairs of seeds.

    What ordering by one training says about the order by another: hardly a predictor that has never
    trained can be expected to do better.

    Args:
        values: One accuracy per seed for every architecture; some may have fewer seeds.

    Returns:
        None if no two seeds share two architectures.
    """
    rows = list(values)
    seeds = max((len(row) for row in rows), default=0)
    taus = []
    for first, second in itertools.combinations(range(seeds), 2):
        both = [row for row in rows if len(row) > second]
        if len(both) >= 2:
            taus.append(kendall_tau([row[first] for row in both], [row[second] for row in both]))
    return math.fsum(taus) / len(taus) if taus else None


def _untied(ranks: Ranks) -> int:
    counts = np.unique(ranks, return_counts=True)[1].astype(np.int64)
    return math.comb(len(ranks), 2) - int((counts * (counts - 1) // 2).sum())


def _mean_ranks(ranks: Ranks) -> Floats:
    _, inverse, counts = np.unique(ranks, return_inverse=True, return_counts=True)
    mean: Floats = np.cumsum(counts) - (counts - 1) / 2
    return mean[inverse]


def _membership(ranks: Ranks, k: int) -> Floats:
    """Return with which share each of N belongs to the k highest."""
    share, above = _share_at_threshold(ranks, k)
    threshold = np.sort(ranks)[-k]
    shares: Floats = above + (ranks == threshold) * share
    return shares


def _share_at_threshold(ranks: Ranks, k: int) -> tuple[float, NDArray[np.bool_]]:
    """Return which share of those tied across the k-th place is taken, and who is above it."""
    threshold = np.sort(ranks)[-k]
    above, equal = ranks > threshold, ranks == threshold
    return float((k - above.sum()) / equal.sum()), above

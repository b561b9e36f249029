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


def _mean_ranks(ranks: Ranks) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(ranks, return_inverse=True, return_counts=True)
    mean: NDArray[np.float64] = np.cumsum(counts) - (counts - 1) / 2
    return mean[inverse]


def _membership(ranks: Ranks, k: int) -> NDArray[np.float64]:
    """Return with which share each of N belongs to the k highest."""
    threshold = np.sort(ranks)[-k]
    above, equal = ranks > threshold, ranks == threshold
    shares: NDArray[np.float64] = above + equal * ((k - above.sum()) / equal.sum())
    return shares

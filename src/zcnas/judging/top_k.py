"""What a search would find that trains the networks a predictor ranks first, and how surely.

The highest correlation is not the best search: these look at the top of the order alone. They are
information beside the score, never part of it. Their percentile intervals are of fewer resamples
than those of tau, because every resample sorts.

Of a resample in which architecture i stands w_i times, copies are tied with each other; a group of
ties across the k-th place is taken in expectation over its random orders, as in
``secondary_metrics``, whose functions give the same values on the resample written out. Only copies
of one architecture are not parted by chance there: a perfect order stays perfect.

Dimension letters: S submissions, N architectures, G groups of equal ranks, K benchmarks,
R resamples.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zcnas.judging.secondary_metrics import (
    Floats,
    Ranks,
    best_of_top,
    ndcg,
    top_k,
    top_k_precision,
)
from zcnas.judging.statistics import percentile_intervals

TOP_RESAMPLES = 500
TRAINED = 10
"""Networks that ``best`` and ``regret`` suppose a search to train."""
MEASURES = ("precision", "ndcg", "best", "regret")


@dataclass(frozen=True)
class Measured:
    """One measure of every submission.

    Attributes:
        values: (S, K).
        intervals: (S, K, 2), 95 %.
        means: (S,), over the benchmarks.
        mean_intervals: (S, 2), 95 %.
    """

    values: Floats
    intervals: Floats
    means: Floats
    mean_intervals: Floats


def measure_top(ranks: Ranks, accuracies: Floats) -> dict[str, float]:
    """Return every measure of one submission on one benchmark.

    Args:
        ranks: (N,), dense ranks by score, 0 for failures.
        accuracies: (N,).
    """
    share, few = top_k(len(ranks)), min(TRAINED, len(ranks))
    truth = np.unique(accuracies, return_inverse=True)[1].astype(np.int32)
    best = best_of_top(ranks, accuracies, few)
    return {
        "precision": top_k_precision(ranks, truth, share),
        "ndcg": ndcg(ranks, accuracies, share),
        "best": best,
        "regret": float(accuracies.max()) - best,
    }


class ResampledTop:
    """The measures of any submission on one benchmark, in every resample.

    Args:
        accuracies: (N,).
        weights: (N, R), how often each resample draws each architecture.
    """

    def __init__(self, accuracies: Floats, weights: NDArray[np.float32]) -> None:
        self._share, self._few = top_k(len(accuracies)), min(TRAINED, len(accuracies))
        self._accuracies, self._drawn = accuracies, weights.astype(np.float64)
        there = self._drawn > 0
        self._highest = np.where(there, accuracies[:, None], -np.inf).max(axis=0)
        self._lowest = np.where(there, accuracies[:, None], np.inf).min(axis=0)
        truth = _Groups(accuracies, self._drawn, self._share)
        self._true, self._true_alone = truth.membership(self._share), truth.alone()
        self._ideal = self._above_lowest(truth)

    def of(self, ranks: Ranks) -> Floats:
        """Return every measure of a submission with these dense ranks (N,), (4, R)."""
        groups = _Groups(ranks, self._drawn, max(self._share, self._few))
        own = groups.membership(self._share)
        alone = groups.alone() | self._true_alone
        both = np.where(alone, np.minimum(own, self._true), own * self._true)
        flat = self._ideal == 0
        gain = self._above_lowest(groups) / np.where(flat, 1.0, self._ideal)
        best = groups.best(self._accuracies, self._few)
        return np.array(
            [
                (self._drawn * both).sum(axis=0) / self._share,
                np.where(flat, 1.0, gain),
                best,
                self._highest - best,
            ]
        )

    def _above_lowest(self, groups: _Groups) -> Floats:
        """Return the discounted gains of the first k, (R,), counted from the lowest accuracy."""
        floor = self._lowest * _discount_sums(self._share)[-1]
        gains: Floats = groups.gain(self._accuracies, self._share) - floor
        kept: Floats = gains * (self._highest > self._lowest)
        return kept


class TopMeasures:
    """The measures of all submissions, a benchmark at a time.

    Args:
        submissions: S.
        benchmarks: K.
        resamples: R of tau; at most ``TOP_RESAMPLES`` are taken.
    """

    def __init__(self, submissions: int, benchmarks: int, resamples: int) -> None:
        shape = (len(MEASURES), submissions, benchmarks)
        self._resamples = min(resamples, TOP_RESAMPLES)
        self._values = np.empty(shape)
        self._intervals = np.empty((*shape, 2))
        self._summed = np.zeros((len(MEASURES), submissions, self._resamples))

    def add(
        self,
        column: int,
        ranks: NDArray[np.int32],
        accuracies: Floats,
        weights: NDArray[np.float32],
    ) -> None:
        """Measure benchmark ``column``: ranks (S, N), accuracies (N,), weights (N, R)."""
        resampling = ResampledTop(accuracies, weights[:, : self._resamples])
        for row, each in enumerate(ranks):
            self._values[:, row, column] = list(measure_top(each, accuracies).values())
            resampled = resampling.of(each)
            self._intervals[:, row, column] = percentile_intervals(resampled)
            self._summed[:, row] += resampled

    def measured(self) -> dict[str, Measured]:
        """Return every measure with its intervals."""
        benchmarks = self._values.shape[2]
        return {
            name: Measured(
                values=self._values[number],
                intervals=self._intervals[number],
                means=self._values[number].mean(axis=1),
                mean_intervals=percentile_intervals(self._summed[number] / benchmarks),
            )
            for number, name in enumerate(MEASURES)
        }


class _Groups:
    """Architectures in groups of equal values, the highest first, in every resample.

    Only the first groups are kept, as many as any resample needs for its first ``k`` places.

    Args:
        values: (N,).
        drawn: (N, R).
        k: Places that are looked at, at most.
    """

    def __init__(self, values: NDArray[np.generic], drawn: Floats, k: int) -> None:
        order = np.argsort(-values.astype(np.float64), kind="stable")
        ordered = values[order]
        opens = np.r_[True, ordered[1:] != ordered[:-1]]
        short: NDArray[np.bool_] = np.any(np.cumsum(drawn[order], axis=0) < k, axis=1)
        later = np.flatnonzero(opens & ~np.r_[True, short[:-1]])
        count = int(later[0]) if len(later) else len(values)
        self.starts = np.flatnonzero(opens[:count])
        self.order, self.drawn = order[:count], drawn[order[:count]]
        self.sizes = self._sums(self.drawn)  # (G, R)
        self.before = np.cumsum(self.sizes, axis=0) - self.sizes
        self.group = np.cumsum(opens[:count]) - 1
        self.shape = drawn.shape

    def _sums(self, values: Floats) -> Floats:
        """Return the sums over each group, (G, R), of values (n, R) in the groups' order."""
        if len(self.starts) == len(values):  # no ties
            return values
        sums: Floats = np.add.reduceat(values, self.starts, axis=0)
        return sums

    def membership(self, k: int) -> Floats:
        """Return with which share a copy of each architecture is among the k first, (N, R)."""
        taken = np.clip(k - self.before, 0, self.sizes) / np.maximum(self.sizes, 1)
        shares: Floats = np.zeros(self.shape)
        shares[self.order] = taken[self.group]
        return shares

    def alone(self) -> NDArray[np.bool_]:
        """Return which architectures are tied with none but their copies, (N, R)."""
        alone = np.ones(self.shape, dtype=bool)
        alone[self.order] = (self.sizes[self.group] - self.drawn) == 0
        return alone

    def gain(self, accuracies: Floats, k: int) -> Floats:
        """Return the discounted sum of the accuracies in the k first places, (R,)."""
        sums = _discount_sums(k)
        totals = self._sums(self.drawn * accuracies[self.order][:, None])
        first = np.minimum(self.before, k).astype(int)
        last = np.minimum(self.before + self.sizes, k).astype(int)
        gains = totals / np.maximum(self.sizes, 1) * (sums[last] - sums[first])
        total: Floats = gains.sum(axis=0)
        return total

    def best(self, accuracies: Floats, k: int) -> Floats:
        """Return the highest accuracy among the k first, expected over orders of ties, (R,)."""
        values = accuracies[self.order]
        inside = self.before < k
        cut = inside & (self.before + self.sizes > k)
        sizes = np.diff(np.r_[self.starts, len(values)])
        cut[sizes == 1] = False  # all copies are alike
        sure = (inside & ~cut)[self.group] & (self.drawn > 0)
        best: Floats = np.where(sure, values[:, None], -np.inf).max(axis=0)
        for group in np.flatnonzero(cut.any(axis=1)).tolist():
            members, columns = self.group == group, cut[group]
            places = k - self.before[group][columns]
            drawn = self.drawn[members][:, columns]
            best[columns] = _expected_best(best[columns], values[members], drawn, places)
        return best


def _expected_best(sure: Floats, values: Floats, drawn: Floats, places: Floats) -> Floats:
    """Return the expected best of ``sure`` and of that many places drawn from a group of ties.

    Of m copies, j are taken: none of the c best is with probability C(m − c, j) / C(m, j).

    Args:
        sure: (R,), the best there is without the group.
        values: (n,), the accuracies of the group.
        drawn: (n, R), how often each stands in it.
        places: (R,), j.
    """
    order = np.argsort(-values, kind="stable")
    passed = np.cumsum(drawn[order], axis=0)
    size = passed[-1]
    logs = np.array([math.lgamma(n + 1) for n in range(int(size.max()) + 1)])
    left = size - passed
    possible = left >= places
    kept, taken = np.where(possible, left, places).astype(int), places.astype(int)
    whole = size.astype(int)
    none = np.where(
        possible,
        np.exp(logs[kept] - logs[kept - taken] - logs[whole] + logs[whole - taken]),
        0.0,
    )
    first = np.vstack([np.ones_like(size), none[:-1]]) - none
    expected: Floats = (first * np.maximum(values[order][:, None], sure)).sum(axis=0)
    return expected


def _discount_sums(k: int) -> Floats:
    """Return the sums of the first 0 to k discounts 1 / log₂(i + 1)."""
    sums: Floats = np.r_[0.0, np.cumsum(1 / np.log2(np.arange(k) + 2))]
    return sums

"""How sure a leaderboard is: a paired bootstrap of tau-b over architectures, and what follows.

A resample draws the N architectures of a benchmark N times with replacement; architecture i is
drawn w_i times. Because a pair's sign does not change with the resample, the surplus of concordant
over discordant pairs of every resample is one matrix product,

    P − Q = Σ_{i<j} w_i w_j · sign(s_i − s_j) sign(a_i − a_j),

of S × pairs signs with pairs × resamples weight products, in float32, where integers below 2²⁴ are
exact. All submissions see the same weights, so their differences are paired. Two copies of one
architecture are tied in scores and accuracies alike; tau-b counts such pairs nowhere, so duplicates
need no correction.

Dimension letters: S submissions, N architectures, R resamples. numpy only.

Reference: Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993 (percentile and normal
intervals); Kendall, Biometrika 33, 1945 (tau-b); Holm, Scandinavian Journal of Statistics 6, 1979.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
CONFIDENCE = 0.95

_PAIRS_AT_ONCE = 8192
_ROWS_AT_ONCE = 64
_RESAMPLES_AT_ONCE = 1000
"""Block sizes: at most 33 MB of products of weights at a time, whatever S, N and R are."""
_EXACT_IN_FLOAT32 = 2**24

Floats = NDArray[np.floating[Any]]
Interval = tuple[float, float]


def rank_scores(scores: Sequence[float | None]) -> NDArray[np.int32]:
    """Return dense ranks (N,), 0 for failed architectures, then equal scores equal ranks.

    The order is that of ``zcnas.judging.metrics.kendall_tau``: failures are tied with each other
    strictly below every valid score, −Inf included.
    """
    valid = np.array([score is not None for score in scores], dtype=bool)
    values = np.array([0.0 if score is None else score for score in scores], dtype=np.float64)
    ranks = np.zeros(len(scores), dtype=np.int32)
    if valid.any():
        ranks[valid] = 1 + np.unique(values[valid], return_inverse=True)[1]
    return ranks


def draw_weights(architectures: int, seed: int, resamples: int = RESAMPLES) -> NDArray[np.float32]:
    """Return how often each resample draws each architecture, (N, R); every column sums to N."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(architectures, size=(architectures, resamples))
    cells = drawn * resamples + np.arange(resamples)
    counts = np.bincount(cells.ravel(), minlength=architectures * resamples)
    return counts.reshape(architectures, resamples).astype(np.float32)


def resample_taus(
    ranks: NDArray[np.int32],
    accuracies: NDArray[np.float64],
    weights: NDArray[np.float32],
    failure_tau: float = 0.0,
) -> NDArray[np.float32]:
    """Return the tau-b of every submission in every resample, (S, R).

    Args:
        ranks: (S, N), from ``rank_scores``.
        accuracies: (N,), the truth.
        weights: (N, R), from ``draw_weights``.
        failure_tau: The value of a resample in which the scores, or the accuracies, are all equal.
    """
    surplus = _surplus(ranks, accuracies, weights)
    alone = _squares(weights)
    untied_truth = _untied_pairs(accuracies, weights, alone)
    taus = np.empty(surplus.shape, dtype=np.float32)
    for row, scores in enumerate(ranks):
        product = _untied_pairs(scores, weights, alone) * untied_truth
        taus[row] = np.where(
            product > 0, surplus[row] / np.sqrt(np.where(product > 0, product, 1)), failure_tau
        )
    return taus


def _surplus(
    ranks: NDArray[np.int32], accuracies: NDArray[np.float64], weights: NDArray[np.float32]
) -> Floats:
    """Return P − Q, (S, R), by the cheaper of two orders of the same sum."""
    architectures = len(accuracies)
    exact = architectures * (architectures - 1) // 2 < _EXACT_IN_FLOAT32
    kind: np.dtype[np.floating[Any]] = np.dtype(np.float32 if exact else np.float64)
    scores, drawn = ranks.astype(kind), weights.astype(kind, copy=False)
    truth = np.unique(accuracies, return_inverse=True)[1].astype(kind)
    if len(ranks) > architectures:
        return _surplus_of_many(scores, truth, drawn)
    rows = [_surplus_of_one(row, truth, drawn) for row in scores]
    return np.array(rows, dtype=kind).reshape(len(ranks), drawn.shape[1])


def _surplus_of_one(scores: Floats, truth: Floats, weights: Floats) -> Floats:
    """Return P − Q of one submission, (R,), as the quadratic form wᵀ (S ∘ A) w.

    Only blocks on and above the diagonal are multiplied.
    """
    surplus = np.zeros(weights.shape[1], dtype=weights.dtype)
    for first in range(0, len(scores), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        signs = np.sign(np.subtract.outer(scores[rows], scores[first:]))
        signs *= np.sign(np.subtract.outer(truth[rows], truth[first:]))
        signs = np.triu(signs)
        for begin in range(0, weights.shape[1], _RESAMPLES_AT_ONCE):
            part = slice(begin, begin + _RESAMPLES_AT_ONCE)
            sums = signs @ weights[first:, part]
            surplus[part] += np.einsum("nr,nr->r", sums, weights[rows, part])
    return surplus


def _surplus_of_many(scores: Floats, truth: Floats, weights: Floats) -> Floats:
    """Return P − Q of every submission, (S, R).

    The products w_i w_j of a block of pairs are made once and serve all submissions.
    """
    surplus = np.zeros((len(scores), weights.shape[1]), dtype=weights.dtype)
    for first, last in _blocks_of_rows(len(truth)):
        signs = np.concatenate(
            [
                np.sign(scores[:, row : row + 1] - scores[:, row + 1 :])
                * np.sign(truth[row] - truth[row + 1 :])
                for row in range(first, last)
            ],
            axis=1,
        )  # (S, pairs)
        for begin in range(0, weights.shape[1], _RESAMPLES_AT_ONCE):
            part = slice(begin, begin + _RESAMPLES_AT_ONCE)
            surplus[:, part] += signs @ _products(weights[:, part], first, last)
    return surplus


def _products(weights: Floats, first: int, last: int) -> Floats:
    """Return w_i w_j of the pairs (i, j > i), i from ``first`` to before ``last``: (pairs, R)."""
    count = len(weights)
    pairs = sum(count - row - 1 for row in range(first, last))
    products = np.empty((pairs, weights.shape[1]), dtype=weights.dtype)
    begin = 0
    for row in range(first, last):
        end = begin + count - row - 1
        np.multiply(weights[row], weights[row + 1 :], out=products[begin:end])
        begin = end
    return products


def _blocks_of_rows(architectures: int) -> list[tuple[int, int]]:
    """Return ranges of i whose pairs (i, j > i) fit a block; a single i may exceed it."""
    blocks, first, pairs = [], 0, 0
    for row in range(architectures - 1):
        following = architectures - row - 1
        if pairs and pairs + following > _PAIRS_AT_ONCE:
            blocks.append((first, row))
            first, pairs = row, 0
        pairs += following
    return [*blocks, (first, architectures - 1)] if architectures > 1 else []


def _untied_pairs(
    values: NDArray[np.int32] | NDArray[np.float64], weights: NDArray[np.float32], alone: Floats
) -> NDArray[np.float64]:
    """Return the pairs of different values in every resample, (R,): (N² − Σ group weight²) / 2.

    Args:
        values: (N,).
        weights: (N, R).
        alone: ``_squares(weights)``: the sum if every value were a group of its own.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, len(values)])
    squares = alone.astype(np.float64)
    for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        tied = weights[order[start : start + size]]
        squares += tied.sum(axis=0, dtype=alone.dtype) ** 2 - _squares(tied, len(values))
    untied: NDArray[np.float64] = (float(len(values)) ** 2 - squares) / 2
    return untied


def _squares(weights: NDArray[np.float32], architectures: int | None = None) -> Floats:
    """Return Σ w² of every resample, (R,): integers up to N², exact in the type that is chosen."""
    exact = (architectures or len(weights)) ** 2 < _EXACT_IN_FLOAT32
    squares: Floats = np.einsum(
        "nr,nr->r", weights, weights, dtype=np.float32 if exact else np.float64
    )
    return squares


def percentile_intervals(resampled: Floats, confidence: float = CONFIDENCE) -> NDArray[np.float64]:
    """Return the percentile interval of every row, (S, 2): the middle ``confidence`` of it.

    The k-th smallest and the k-th largest of R values, k = R · (1 − confidence) / 2 rounded down,
    at least 1.
    """
    resamples = resampled.shape[1]
    skipped = max(int(resamples * (1 - confidence) / 2), 1) - 1
    parted = np.partition(resampled, (skipped, resamples - 1 - skipped), axis=1)
    return parted[:, [skipped, resamples - 1 - skipped]].astype(np.float64)


def tau_interval(
    scores: Sequence[float | None],
    accuracies: Sequence[float],
    seed: int,
    *,
    failure_tau: float = 0.0,
    resamples: int = RESAMPLES,
) -> Interval:
    """Return the 95 % percentile interval of one predictor's tau-b on one benchmark.

    Args:
        scores: What the predictor returned, None for a failed architecture.
        accuracies: The truth, in the same order.
        seed: Seed of the resamples; the same seed and N give the same resamples.
        failure_tau: The tau of scores that carry no ranking information.
        resamples: R.
    """
    weights = draw_weights(len(accuracies), seed, resamples)
    truth = np.asarray(accuracies, dtype=np.float64)
    taus = resample_taus(rank_scores(scores)[None], truth, weights, failure_tau)
    low, high = percentile_intervals(taus)[0]
    return float(low), float(high)


def paired_differences(
    scores: NDArray[np.float64], resampled: Floats, leader: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return every submission's score minus the leader's, and that difference's standard error.

    Args:
        scores: (S,), the mean taus.
        resampled: (S, R), the mean taus of the same resamples.
        leader: Index of the submission compared with.
    """
    errors = np.array([np.std(row - resampled[leader], dtype=np.float64) for row in resampled])
    return scores - scores[leader], errors


def p_values(differences: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return two-sided p-values of differences by their bootstrap standard errors.

    p < α exactly if the normal interval, difference ± z_{1−α/2} · error, leaves zero out. Normal
    tails, because Holm's correction for hundreds of entries asks for quantiles far beyond what
    10,000 resamples hold.
    """
    return np.array([_p_value(d, e) for d, e in zip(differences, errors, strict=True)])


def _p_value(difference: float, error: float) -> float:
    if error == 0:
        return 1.0 if difference == 0 else 0.0
    return 2 * NormalDist().cdf(-abs(difference) / error)


def adjust_by_holm(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p-values adjusted for being judged together.

    The k-th smallest of m is multiplied by m − k + 1; none falls below a smaller one's, none
    exceeds 1.
    """
    order = np.argsort(values, kind="stable")
    factors = np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    return adjusted


def rank_groups(
    scores: NDArray[np.float64], resampled: Floats, confidence: float = CONFIDENCE
) -> list[int]:
    """Return the rank group of every submission, counted from 1.

    A group is opened by its best entry and holds every following entry whose paired interval to
    that leader, Holm-adjusted over all following entries, contains zero; the first that does not
    opens the next.

    Args:
        scores: (S,), falling.
        resampled: (S, R), the same submissions in the same order.
        confidence: Of the intervals.
    """
    groups: list[int] = []
    while len(groups) < len(scores):
        leader = len(groups)
        differences, errors = paired_differences(scores[leader:], resampled[leader:], 0)
        adjusted = adjust_by_holm(p_values(differences[1:], errors[1:]))
        apart = np.flatnonzero(adjusted < 1 - confidence)
        members = 1 + (int(apart[0]) if len(apart) else len(adjusted))
        groups += [groups[-1] + 1 if groups else 1] * members
    return groups


def first_probabilities(resampled: Floats) -> NDArray[np.float64]:
    """Return in which share of the resamples each submission has the highest mean tau, (S,).

    Submissions that are highest together share a resample.
    """
    highest = resampled == resampled.max(axis=0)
    shares: NDArray[np.float64] = (highest / highest.sum(axis=0)).mean(axis=1)
    return shares

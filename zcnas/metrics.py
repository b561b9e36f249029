"""The figure of merit: Kendall's tau-b of one benchmark, and the mean over benchmarks.

With P concordant pairs, Q discordant pairs, X pairs tied only in the scores and Y pairs tied only
in the accuracies,

    tau_b = (P − Q) / √((P + Q + X) · (P + Q + Y)),

between −1 and 1, higher is better. Reference: Kendall, "The Treatment of Ties in Ranking Problems",
Biometrika 33, 1945.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau


def rank_scores(scores: Sequence[float | None]) -> NDArray[np.int64]:
    """Return dense ranks (N,) of N scores.

    Failures (None) share rank 0, below every valid score, −Inf included.
    """
    ranks = np.zeros(len(scores), dtype=np.int64)
    valid = np.array([score is not None for score in scores], dtype=bool)
    values = np.array([score for score in scores if score is not None], dtype=np.float64)
    ranks[valid] = np.unique(values, return_inverse=True)[1] + 1
    return ranks


def kendall_tau(
    scores: Sequence[float | None], accuracies: Sequence[float], failure_tau: float = 0.0
) -> float:
    """Return the tau-b of N scores with N accuracies.

    Args:
        scores: What the predictor returned, infinities allowed; None for a failed architecture.
            Failed architectures are tied with each other below every valid score; none leaves the
            ranking.
        accuracies: The truth, in the same order.
        failure_tau: The value where the scores say nothing: all equal, or all failed.

    Returns:
        A finite number in [−1, 1], 1 for the right order.
    """
    ranks = rank_scores(scores)
    if len(set(ranks.tolist())) < 2:
        return failure_tau
    tau = float(kendalltau(ranks, np.asarray(accuracies, dtype=np.float64), variant="b").statistic)
    return tau if np.isfinite(tau) else failure_tau


def mean_over_benchmarks(taus: Mapping[str, float]) -> float:
    """Return the plain mean of one tau per benchmark: the score of a submission."""
    return sum(taus.values()) / len(taus)

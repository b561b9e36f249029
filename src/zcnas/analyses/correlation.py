"""Correlations with intervals, weighted where a sample was not drawn uniformly.

Reference: Spearman, American Journal of Psychology 15, 1904; Bonett and Wright, "Sample size
requirements for estimating Pearson, Kendall and Spearman correlations", Psychometrika 65, 2000 (the
intervals); Kish, *Survey Sampling*, 1965 (the effective size).
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import scipy.stats
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
CONFIDENCE = 0.95


def weighted_ranks(values: ArrayLike, weights: Floats) -> Floats:
    """Return mean ranks (N,): half the weight of the equal values above the weight of the lower."""
    _, inverse = np.unique(np.asarray(values), return_inverse=True)
    groups = np.bincount(inverse, weights)
    ranks: Floats = (np.cumsum(groups) - groups / 2)[inverse]
    return ranks


def pearson(x: ArrayLike, y: ArrayLike, weights: Floats | None = None) -> float:
    """Return Pearson's correlation; NaN where one side is constant."""
    first, second = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    each = np.ones(len(first)) if weights is None else weights
    first = first - np.average(first, weights=each)
    second = second - np.average(second, weights=each)
    scale = math.sqrt(float(each @ first**2)) * math.sqrt(float(each @ second**2))
    constant = len(np.unique(first)) < 2 or len(np.unique(second)) < 2
    return math.nan if constant or scale == 0 else float(each @ (first * second)) / scale


def spearman(x: ArrayLike, y: ArrayLike, weights: Floats | None = None) -> float:
    """Return Spearman's rho, Pearson's correlation of mean ranks; NaN where one is constant."""
    first = np.asarray(x)
    each = np.ones(len(first)) if weights is None else weights
    return pearson(weighted_ranks(first, each), weighted_ranks(y, each), each)


def kendall(x: ArrayLike, y: ArrayLike) -> float:
    """Return tau-b; NaN where one is constant."""
    return float(scipy.stats.kendalltau(np.asarray(x), np.asarray(y)).statistic)


def effective_size(weights: Floats) -> float:
    """Return how many equally weighted observations are as good: (Σw)² / Σw²."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def spearman_interval(rho: float, size: float) -> tuple[float, float]:
    """Return the 95 % interval tanh(artanh ρ ± z √((1 + ρ²/2) / (n − 3)))."""
    return _interval(rho, math.sqrt((1 + rho**2 / 2) / (size - 3)))


def kendall_interval(tau: float, size: float) -> tuple[float, float]:
    """Return the 95 % interval tanh(artanh τ ± z √(0.437 / (n − 4)))."""
    return _interval(tau, math.sqrt(0.437 / (size - 4)))


def _interval(estimate: float, error: float) -> tuple[float, float]:
    if math.isnan(estimate):
        return math.nan, math.nan
    if abs(estimate) >= 1:
        return estimate, estimate
    reach = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2) * error
    return math.tanh(math.atanh(estimate) - reach), math.tanh(math.atanh(estimate) + reach)

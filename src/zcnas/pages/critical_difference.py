"""The critical-difference diagram: average ranks, and which of them Nemenyi's test cannot part.

Reference: Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", Journal of
Machine Learning Research 7, 2006. The benchmarks are its data sets; the rank groups beside it use
the architectures instead, which are many more, and are what the ranking goes by.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ALPHA = 0.05


def average_ranks(taus: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean rank of every entry over the benchmarks, 1 the best, ties shared.

    Args:
        taus: (S, K).

    Returns:
        (S,).
    """
    above = (taus[:, None, :] < taus[None, :, :]).sum(axis=1)
    equal = (taus[:, None, :] == taus[None, :, :]).sum(axis=1)
    ranks: NDArray[np.float64] = (above + (equal + 1) / 2).mean(axis=1)
    return ranks


def critical_difference(entries: int, benchmarks: int) -> float:
    """Return by how much average ranks must differ: q sqrt(S (S + 1) / 6 K), at 5 %."""
    return nemenyi_quantile(entries) * math.sqrt(entries * (entries + 1) / (6 * benchmarks))


def nemenyi_quantile(entries: int) -> float:
    """Return q at 5 %: the studentised range's quantile for infinite degrees of freedom, over √2.

    By bisection of P(range ≤ q) = S ∫ φ(z) (Φ(z) − Φ(z − q))^(S − 1) dz.
    """
    z = np.linspace(-8, 8, 801)
    density = np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    below = _normal(z)
    low, high = 0.0, 12.0
    while high - low > 1e-7:
        middle = (low + high) / 2
        within = (below - _normal(z - middle)) ** (entries - 1)
        reached = entries * float(np.trapezoid(density * within, z))
        low, high = (middle, high) if reached < 1 - ALPHA else (low, middle)
    return low / math.sqrt(2)


def cliques(ranks: Sequence[float], difference: float) -> list[tuple[int, int]]:
    """Return the largest runs of entries, first and last, whose average ranks differ by no more.

    Args:
        ranks: Rising.
        difference: The critical one.
    """
    found: list[tuple[int, int]] = []
    for first, rank in enumerate(ranks):
        last = max(n for n, other in enumerate(ranks) if other - rank <= difference)
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return found


def _normal(z: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([0.5 * (1 + math.erf(value / math.sqrt(2))) for value in z.tolist()])

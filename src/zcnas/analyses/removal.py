"""Taking a bias b out of a proxy f: f / (b + C), with C found by brute force.

Reference: Krishnakumar et al., "NAS-Bench-Suite-Zero", NeurIPS 2022, equation 2 and table 4. The
paper gives the range of C, −10 to 1000, and no step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zcnas.analyses.correlation import pearson

Floats = NDArray[np.float64]
GRID = np.round(np.concatenate([np.arange(-100, 1000) / 10, np.arange(100, 1001)]), 1)
"""From −10 to 1000: steps of 0.1 below 100, of 1 above."""
NO_BIAS = 0.005
"""Printed as a bias of 0.00. Several C reach it; the one that performs best is taken."""
STRATEGIES = ("minimise", "equalise", "performance")

_AT_ONCE = 500


@dataclass(frozen=True)
class Removal:
    """What removing a bias does.

    Attributes:
        size: Of how many architectures.
        outcomes: Maps a strategy, or ``original``, to (C, correlation with the bias, correlation
            with the accuracy).
    """

    size: int
    outcomes: dict[str, tuple[float, float, float]]


def remove(
    scores: Floats, bias: Floats, accuracy: Floats, weights: Floats, target: float
) -> Removal:
    """Return the outcome of every strategy.

    Args:
        scores: (N,), finite.
        bias: (N,).
        accuracy: (N,).
        weights: (N,).
        target: What ``equalise`` aims at: the bias of the accuracy.
    """
    poles = np.isin(GRID, np.round(-bias, 1))
    grid = GRID[~poles]
    with_bias, with_accuracy = np.empty(len(grid)), np.empty(len(grid))
    for start in range(0, len(grid), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        removed = scores / (bias + grid[part, None])
        with_bias[part] = _correlations(removed, bias, weights)
        with_accuracy[part] = _correlations(removed, accuracy, weights)
    original = (
        math.nan, pearson(scores, bias, weights), pearson(scores, accuracy, weights)
    )  # fmt: skip
    free = max(float(np.nanmin(np.abs(with_bias))), NO_BIAS)
    places = {
        "minimise": np.nanargmax(np.where(np.abs(with_bias) <= free, with_accuracy, -np.inf)),
        "equalise": np.nanargmin(np.abs(with_bias - target)),
        "performance": np.nanargmax(with_accuracy),
    }
    outcomes = {
        strategy: (float(grid[at]), float(with_bias[at]), float(with_accuracy[at]))
        for strategy, at in places.items()
    }
    return Removal(len(scores), {"original": original, **outcomes})


def _correlations(rows: Floats, values: Floats, weights: Floats) -> Floats:
    """Return the weighted Pearson correlation of every row with ``values``."""
    share = weights / weights.sum()
    centred = rows - (rows @ share)[:, None]
    other = values - share @ values
    scale = np.sqrt((centred**2 @ share) * (share @ other**2))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = centred @ (share * other) / scale
    return found

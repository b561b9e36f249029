"""Average ranks and performance profiles of proxies over benchmarks.

Reference: Dolan and Moré, "Benchmarking Optimization Software with Performance Profiles",
Mathematical Programming 91, 2002; White et al., "A Deeper Look at Zero-Cost Proxies", ICLR blog
track 2022 (errors 1 − rho, and their ratio to the best).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

SPACES = {
    "nasbench101": "NAS-Bench-101",
    "nasbench201": "NAS-Bench-201",
    "nasbench301": "NAS-Bench-301",
    "transbench101_micro": "TransNAS-Bench-101 micro",
    "transbench101_macro": "TransNAS-Bench-101 macro",
}
"""Titles of the search spaces."""

OVERALL = "overall"
Gap = Literal["ratio", "difference"]


def space_of(benchmark: str) -> str:
    """Return the search space in a benchmark's key."""
    return next(space for space in SPACES if benchmark.startswith(f"{space}_"))


def average_ranks(grid: pd.DataFrame) -> pd.DataFrame:
    """Return each proxy's mean rank per search space and overall; 1 is best, ties share the mean.

    Args:
        grid: Correlations, proxies by benchmarks; NaN where there is none.
    """
    ranks = grid.rank(axis=0, ascending=False)
    spaces = [SPACES[space_of(str(column))] for column in grid.columns]
    means = ranks.T.groupby(spaces).mean().T
    means[OVERALL] = ranks.mean(axis=1)
    means = means.sort_values(OVERALL)
    means.insert(0, "proxy", means.index)
    return means


def suboptimality(grid: pd.DataFrame, kind: Gap) -> pd.DataFrame:
    """Return how far each proxy is from the best one on each benchmark; NaN without a correlation.

    ``ratio``: (1 − rho) / (1 − best rho), at least 1, infinite beside a perfect proxy.
    ``difference``: best rho − rho, at least 0.
    """
    best = grid.max(axis=0)
    gaps = best - grid
    if kind == "difference":
        return gaps
    return (1 + gaps / (1 - best).where(best < 1, np.nan)).fillna(np.inf).where(gaps > 0, gaps + 1)


def profiles(grid: pd.DataFrame, kind: Gap) -> dict[str, tuple[list[float], list[float]]]:
    """Return each proxy's profile: thresholds, and the share of benchmarks within each.

    A benchmark on which a proxy has no correlation is never within.
    """
    gaps = suboptimality(grid, kind)
    start = 1.0 if kind == "ratio" else 0.0
    known = gaps.to_numpy()[np.isfinite(gaps.to_numpy())]
    thresholds = np.linspace(start, float(known.max(initial=start)), 200)
    return {
        str(name): (
            thresholds.tolist(),
            [float((row <= threshold + 1e-12).mean()) for threshold in thresholds],
        )
        for name, row in gaps.iterrows()
    }

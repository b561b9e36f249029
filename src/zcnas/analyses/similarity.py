"""Which proxies, and which benchmarks, are alike: as the paper computes it, and over scores."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from zcnas.analyses.correlation import spearman
from zcnas.analyses.papers import printed
from zcnas.analyses.profiles import OVERALL, SPACES
from zcnas.analyses.study import FEWEST, Column, Study


def among_proxies(studies: Sequence[Study]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rho between proxies, averaged: a square over all benchmarks, and pairs per space."""
    rows = []
    for study in studies:
        for first, second in itertools.combinations(study.names, 2):
            rho = _rho(study.column(first), study.column(second))
            space = SPACES[study.benchmark.search_space]
            rows.append({"first": first, "second": second, "space": space, "rho": rho})
    pairs = pd.DataFrame(rows)
    by_space = pairs.pivot_table(index=["first", "second"], columns="space", values="rho")
    by_space[OVERALL] = pairs.groupby(["first", "second"])["rho"].mean()
    by_space = by_space.sort_values(OVERALL, ascending=False)
    names = sorted({name for study in studies for name in study.names})
    square = pd.DataFrame(np.eye(len(names)), index=names, columns=names)
    by_space = by_space.reset_index()
    for row in by_space.to_dict(orient="records"):
        first, second = row["first"], row["second"]
        square.loc[first, second] = square.loc[second, first] = row[OVERALL]
    order = square.mean().sort_values(ascending=False).index
    return square.loc[order, order], by_space


def among_benchmarks(
    studies: Sequence[Study], grid: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return how alike benchmarks are: a square of the paper's measure, and pairs with both."""
    square = grid.corr(min_periods=3)
    order = square.mean().sort_values(ascending=False).index
    rows = []
    for first, second in itertools.combinations(studies, 2):
        same = first.benchmark.search_space == second.benchmark.search_space
        rows.append(
            {
                "first": first.key,
                "second": second.key,
                "columns of figure 6": square.loc[first.key, second.key],
                "same architectures": _mean_over_proxies(first, second) if same else np.nan,
            }
        )
    pairs = pd.DataFrame(rows).sort_values("same architectures", ascending=False)
    return square.loc[order, order], pairs


def figure_correlations() -> dict[str, tuple[int, float, float]]:
    """Compare the paper's figures 7 and 10 with correlations of its own figure 6.

    Returns:
        The figure, to how many of its printed values are compared, which share of them is within
        .01, and the largest difference.
    """
    paper = printed("suite_zero")
    six = pd.DataFrame(paper["figure_6"])  # benchmarks by proxies
    found = {}
    for name, correlations in (("figure 7", six.T.corr()), ("figure 10", six.corr())):
        rows = paper[name.replace(" ", "_")]
        differences = [
            abs(float(correlations.loc[row, column]) - value)
            for row, values in rows.items()
            for column, value in values.items()
            if row != column
        ]
        share = float(np.mean(np.array(differences) <= 0.01))
        found[name] = len(differences), share, max(differences)
    return found


def _mean_over_proxies(first: Study, second: Study) -> float:
    """Return the mean rho between two benchmarks' scores of the same architectures."""
    shared = [name for name in first.names if name in second.names]
    values = [_rho(first.column(name), second.column(name)) for name in shared]
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else np.nan


def _rho(first: Column, second: Column) -> float:
    """Return rho between two columns on the architectures they share; NaN below ``FEWEST``."""
    places = {architecture: place for place, architecture in enumerate(second.architectures)}
    pairs = [
        (place, places[architecture])
        for place, architecture in enumerate(first.architectures)
        if architecture in places
    ]
    if len(pairs) < FEWEST:
        return np.nan
    left, right = map(list, zip(*pairs, strict=True))
    return spearman(first.ranks[left], second.ranks[right], first.weights[left])

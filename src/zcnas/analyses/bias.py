"""RQ 3: what are proxies biased towards, and does it help to take the bias away?

Biases are Pearson correlations of scores with the number of convolutions minus poolings, the size
of the cell, skip connections and parameters; ``removal`` divides scores by (b + C).

Reference: Krishnakumar et al., "NAS-Bench-Suite-Zero", NeurIPS 2022, section 4.3 and tables 3, 4
and 7.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from zcnas.analyses import figures
from zcnas.analyses.correlation import pearson
from zcnas.analyses.features import BIASES, DEFINED_ON, MEASURES, PARAMETERS
from zcnas.analyses.papers import printed
from zcnas.analyses.removal import GRID, STRATEGIES, Removal, remove
from zcnas.analyses.result import Check, Drawing, Result, TableOf, shares_within
from zcnas.analyses.study import FEWEST, Column, Floats, Study, sampling_weights

NAME = "bias"
QUESTION = "Do proxies prefer certain operations or sizes, and does removing that help them?"
ACCURACY = "val-acc"
LARGE = 1000


def analyse(studies: Sequence[Study]) -> Result:
    """Return every bias of every proxy, and what the three strategies of removal do to it."""
    result = Result(
        NAME,
        "Biases of proxies",
        QUESTION,
        tuple(study.key for study in studies),
        {study.key: study.table.sha256 for study in studies},
    )
    table = biases(studies)
    _compare_with_table_3(result, table)
    result.tables.append(
        TableOf(
            "biases",
            "Biases",
            table,
            "Pearson correlation of scores with each bias. `as published` computes with NASLib's "
            "sentinel −1e8 where a proxy failed, as the paper did; `correlation` leaves failures "
            "out. One −1e8 among scores of order 10 decides a Pearson correlation alone: wherever "
            "the two differ, the published figure says which cells are disconnected, and nothing "
            "about the proxy.",
        )
    )
    for bias in BIASES:
        grid = table[table["bias"] == bias].pivot_table(
            index="proxy", columns="benchmark", values="correlation"
        )
        if not grid.empty:
            order = grid.abs().mean(axis=1).sort_values(ascending=False).index
            name = bias.replace(":", "_").replace(" ", "_")
            result.drawings.append(
                Drawing(
                    name,
                    f"Bias towards {bias}",
                    f"Heatmap of the Pearson correlation of each proxy's scores with {bias}, "
                    "without failures; the last rows are the least biased.",
                    figures.heatmap(grid.loc[order], "Pearson correlation"),
                )
            )
    result.tables.append(TableOf("extremes", "Most and least biased (table 7)", extremes(table)))
    _add_removal(result, studies, table)
    return result


def biases(studies: Sequence[Study]) -> pd.DataFrame:
    """Return a row per benchmark, bias and proxy (and the accuracy itself): correlations."""
    paper = printed("suite_zero")["table_3"]
    rows = []
    for study in studies:
        for bias in BIASES:
            if study.benchmark.search_space not in DEFINED_ON[bias]:
                continue
            for name in (*study.names, ACCURACY):
                column = _accuracy(study) if name == ACCURACY else study.column(name)
                found = _bias_of(study, column, bias)
                if found is None:
                    continue
                both, published, count = found
                rows.append(
                    {
                        "benchmark": study.key,
                        "bias": bias,
                        "proxy": name,
                        "architectures": count,
                        "correlation": both,
                        "as published": published,
                        "paper": paper.get(f"{study.key} | {bias}", {}).get(name),
                    }
                )
    return pd.DataFrame(rows)


def measure(study: Study, architectures: Iterable[str], bias: str) -> Floats:
    """Return a bias of architectures, (N,); NaN where their parameters are not in the table."""
    if bias == PARAMETERS:
        known = study.scores["params"]
        return np.array([np.nan if (p := known.get(a)) is None else p for a in architectures])
    return np.array([MEASURES[bias](spec) for spec in study.specs(architectures)], dtype=float)


def _bias_of(study: Study, column: Column, bias: str) -> tuple[float, float, int] | None:
    """Return the correlation without failures, with the sentinel, and of how many."""
    if bias == PARAMETERS and "params" not in study.scores:
        return None
    values = measure(study, column.architectures, bias)
    known = ~np.isnan(values)
    valid = known & np.isfinite(column.scores)
    if valid.sum() < FEWEST:
        return None
    clean = pearson(column.scores[valid], values[valid], column.weights[valid])
    finite = known & np.isfinite(column.as_published)
    dirty = pearson(column.as_published[finite], values[finite], column.weights[finite])
    return clean, dirty, int(known.sum())


def _accuracy(study: Study) -> Column:
    """Return the accuracies of the whole table as a column."""
    architectures = tuple(sorted(study.accuracies))
    values = np.array([study.accuracies[a] for a in architectures])
    return Column(ACCURACY, architectures, values, values, sampling_weights("", architectures))


def extremes(table: pd.DataFrame) -> pd.DataFrame:
    """Return the most and the least biased proxy for every benchmark and bias.

    As in the paper's table 7, params and flops do not compete for the bias towards parameters.
    """
    rows = []
    proxies = table[table["proxy"] != ACCURACY].dropna(subset=["correlation"])
    for (benchmark, bias), group in proxies.groupby(["benchmark", "bias"], sort=False):
        counted = group
        if bias == PARAMETERS:
            counted = group[~group["proxy"].isin(["params", "flops"])]
        if counted.empty:
            continue
        order = np.argsort(counted["correlation"].abs().to_numpy())
        most, least = counted.iloc[int(order[-1])], counted.iloc[int(order[0])]
        rows.append(
            {
                "benchmark": benchmark,
                "bias": bias,
                "most biased": most["proxy"],
                "correlation": most["correlation"],
                "least biased": least["proxy"],
                "its correlation": least["correlation"],
            }
        )
    return pd.DataFrame(rows)


def _compare_with_table_3(result: Result, table: pd.DataFrame) -> None:
    both = table.dropna(subset=["paper", "as published"])
    if both.empty:
        return
    within = shares_within((both["as published"] - both["paper"]).tolist(), (0.05, 0.10))
    result.checks += [
        Check(f"table 3, {len(both)} figures: within .05", "≥ 65 %", f"{within[0]:.1%}",
              within[0] >= 0.65),
        Check("table 3: within .10", "≥ 85 %", f"{within[1]:.1%}", within[1] >= 0.85),
    ]  # fmt: skip
    moved = both[(both["correlation"] - both["as published"]).abs() > 0.1]
    if not moved.empty:
        named = ", ".join(
            f"{row.proxy} with {row.bias} on {row.benchmark} {row.paper:.2f} → "
            f"{row.correlation:.2f}"
            for row in moved.itertuples()
        )
        result.findings.append(f"Figures of table 3 that are made by the sentinel: {named}")


def _add_removal(result: Result, studies: Sequence[Study], table: pd.DataFrame) -> None:
    paper = {
        (row["benchmark"], row["proxy"], row["bias"]): row
        for row in printed("suite_zero")["table_4"]
    }
    by_key = {study.key: study for study in studies}
    found = extremes(table)
    wanted = {
        (row["benchmark"], row["most biased"], row["bias"])
        for row in found.to_dict(orient="records")
        if row["bias"] != PARAMETERS
    }
    own = table[table["proxy"].isin({name for study in studies for name in study.own})]
    wanted |= {(row.benchmark, row.proxy, row.bias) for row in own.itertuples()}
    rows, close = [], []
    for key in sorted(wanted | {key for key in paper if key[0] in by_key}):
        benchmark, proxy, bias = key
        study = by_key[benchmark]
        if proxy not in study.scores:
            continue
        removal = _removal(study, proxy, bias)
        rows += _removal_rows(key, removal, paper.get(key))
        if key in paper and removal.size >= LARGE:
            close += [
                abs(ours - theirs)
                for strategy, found in removal.outcomes.items()
                for ours, theirs in zip(found[1:], paper[key][strategy], strict=True)
            ]
    if not rows:
        return
    if close:
        largest, share = max(close), shares_within(close, (0.06,))[0]
        result.checks.append(
            Check(
                f"table 4, {len(close)} figures with N ≥ {LARGE}",
                "all within .06",
                f"{share:.0%} within .06, largest difference {largest:.2f}",
                largest <= 0.06,
            )
        )
    result.tables.append(
        TableOf(
            "removal",
            "Removing a bias: f / (b + C)",
            pd.DataFrame(rows),
            f"For the paper's cases, the most biased proxy of each benchmark, and your own. C is "
            f"searched from {GRID[0]:g} to {GRID[-1]:g}, in steps of 0.1 below 100 and of 1 above; "
            "values at the pole, C = −b of an architecture, are left out (scores there are "
            "infinite), but C close to it is not, and between two poles the sign of the divisor "
            "changes from architecture to architecture. `minimise` makes the correlation with the "
            "bias smallest, `equalise` brings it closest to that of the accuracy, `performance` "
            "maximises the correlation with the accuracy, which needs the accuracies.",
        )
    )


def _removal(study: Study, proxy: str, bias: str) -> Removal:
    column = study.column(proxy)
    values = measure(study, column.architectures, bias)
    valid = np.isfinite(column.scores) & ~np.isnan(values)
    accuracy = _accuracy(study)
    of_all = measure(study, accuracy.architectures, bias)
    known = ~np.isnan(of_all)
    target = pearson(accuracy.scores[known], of_all[known])
    weights = column.weights[valid]
    return remove(column.scores[valid], values[valid], column.accuracy[valid], weights, target)


def _removal_rows(
    key: tuple[str, str, str], removal: Removal, paper: dict[str, list[float]] | None
) -> list[dict[str, object]]:
    rows = []
    for strategy in ("original", *STRATEGIES):
        constant, bias, performance = removal.outcomes[strategy]
        theirs = paper[strategy] if paper else (math.nan, math.nan)
        rows.append(
            {
                "benchmark": key[0],
                "proxy": key[1],
                "bias": key[2],
                "architectures": removal.size,
                "strategy": strategy,
                "C": constant,
                "bias after": bias,
                "performance after": performance,
                "paper's bias": theirs[0],
                "paper's performance": theirs[1],
            }
        )
    return rows

"""RQ 1: how well do proxies generalise across benchmarks?

Correlations of every proxy on every benchmark, with intervals; top-K measures; average ranks;
correlations among proxies; performance profiles; similarity of benchmarks.

Reference: Krishnakumar et al., "NAS-Bench-Suite-Zero", NeurIPS 2022, section 4.1 and figures 2, 3,
6 to 10; White et al., "A Deeper Look at Zero-Cost Proxies", ICLR blog track 2022, table 4 and
figures 3 to 8; Ning et al., NeurIPS 2021 (Precision@K, BestRanking@K).
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from zcnas.analyses import figures
from zcnas.analyses.correlation import (
    effective_size,
    kendall,
    kendall_interval,
    spearman,
    spearman_interval,
)
from zcnas.analyses.papers import printed
from zcnas.analyses.profiles import Gap, average_ranks, profiles
from zcnas.analyses.result import Check, Drawing, Result, TableOf, shares_within
from zcnas.analyses.similarity import among_benchmarks, among_proxies, figure_correlations
from zcnas.analyses.study import Study
from zcnas.analyses.top import top_table

NAME = "generalisation"
QUESTION = "How well does each proxy order the architectures of each benchmark?"
NO_SAMPLE = "nasbench101_cifar10"
"""One of its 244 evaluated cells has seven vertices, as 85 % of the search space have."""


def analyse(studies: Sequence[Study]) -> Result:
    """Return correlations, top-K measures, average ranks, profiles and similarities."""
    result = Result(
        NAME,
        "Generalisation across benchmarks",
        QUESTION,
        tuple(study.key for study in studies),
        {study.key: study.table.sha256 for study in studies},
    )
    table = correlations(studies)
    grid = as_grid(table)
    result.tables.append(
        TableOf(
            "correlations",
            "Correlation with the accuracy",
            table,
            "Spearman's rho and Kendall's tau-b with 95 % intervals. Failures rank below every "
            "score. Where the published rows were not drawn uniformly (TransNAS-Bench-101 macro), "
            "rho is weighted by post-stratification; `size` is the effective number of "
            "architectures. A proxy that gives every architecture the same score has no "
            "correlation.",
        )
    )
    result.drawings.append(
        Drawing(
            "spearman",
            "Spearman's rho",
            "Heatmap of Spearman's rho of each proxy (rows) on each benchmark (columns), both in "
            "the order of their means; empty cells have no scores or constant ones.",
            figures.heatmap(grid, "Spearman's rho"),
        )
    )
    _compare_with_figure_6(result, table)
    result.tables.append(TableOf("top_k", "The best K", top_table(studies), _TOP_TEXT))
    ranks = average_ranks(grid)
    result.tables.append(
        TableOf(
            "average_ranks",
            "Average ranks",
            ranks,
            "Rank of each proxy among those with scores on a benchmark, 1 the best, averaged; "
            "equal correlations share their mean rank.",
        )
    )
    _add_profiles(result, grid)
    _add_similarities(result, studies, grid)
    leaders = grid.mean(axis=1).sort_values(ascending=False)
    result.findings.insert(
        0,
        "Highest mean rho over the benchmarks: "
        + ", ".join(f"{name} {value:.2f}" for name, value in leaders.head(3).items()),
    )
    return result


_TOP_TEXT = (
    "Precision@K: which share of the K best by score are among the K best by accuracy, expected "
    "over orders of ties. BestRanking@K: the place by accuracy of the best of the K highest "
    "scores, divided by N; lower is better. `best of top 10` is the accuracy a search finds that "
    "trains the ten highest scores, `regret@10` what it misses, in the unit of the accuracy; "
    "`ndcg@10%` weighs the best tenth by place. N is the number of architectures with scores, so a "
    "figure of the paper, which has N = 1,000, compares only where N is near that."
)


def correlations(studies: Sequence[Study]) -> pd.DataFrame:
    """Return one row per benchmark and proxy: rho and tau with intervals, failures, the paper's."""
    paper = printed("suite_zero")["figure_6"]
    rows = []
    for study in studies:
        for name in study.names:
            column = study.column(name)
            size = effective_size(column.weights)
            rho = spearman(column.ranks, column.accuracy, column.weights)
            tau = kendall(column.ranks, column.accuracy)
            low, high = spearman_interval(rho, size)
            tau_low, tau_high = kendall_interval(tau, len(column))
            rows.append(
                {
                    "benchmark": study.key,
                    "proxy": name,
                    "architectures": len(column),
                    "size": round(size),
                    "failures": int(column.failed.sum()),
                    "spearman": rho,
                    "spearman_low": low,
                    "spearman_high": high,
                    "kendall": tau,
                    "kendall_low": tau_low,
                    "kendall_high": tau_high,
                    "paper": paper.get(name, {}).get(study.key),
                }
            )
    return pd.DataFrame(rows)


def as_grid(table: pd.DataFrame) -> pd.DataFrame:
    """Return rho as proxies by benchmarks, each in the order of falling means."""
    grid = table.pivot_table(index="proxy", columns="benchmark", values="spearman", dropna=True)
    rows = grid.mean(axis=1).sort_values(ascending=False).index
    columns = grid.mean(axis=0).sort_values(ascending=False).index
    return grid.loc[rows, columns]


def _compare_with_figure_6(result: Result, table: pd.DataFrame) -> None:
    both = table.dropna(subset=["spearman", "paper"])
    if both.empty:
        return
    differences = (both["spearman"] - both["paper"]).abs()
    within = shares_within(differences.tolist(), (0.05, 0.10))
    median = float(differences.median())
    cells = f"{len(both)} cells"
    result.checks += [
        Check(f"figure 6, {cells}: median difference", "≤ .03", f"{median:.3f}", median <= 0.03),
        Check("figure 6: within .05", "≥ 70 %", f"{within[0]:.1%}", within[0] >= 0.7),
        Check("figure 6: within .10", "≥ 90 %", f"{within[1]:.1%}", within[1] >= 0.9),
    ]
    sampled = differences[both["benchmark"] != NO_SAMPLE]
    if 0 < len(sampled) < len(differences):
        (share,) = shares_within(sampled.tolist(), (0.10,))
        cells = f"{len(sampled)} cells, without NAS-Bench-101, whose rows are no sample of it"
        result.checks.append(
            Check(f"figure 6, {cells}: within .10", "≥ 90 %", f"{share:.1%}", share >= 0.9)
        )
    worst = both.assign(difference=both["spearman"] - both["paper"])
    worst = worst.loc[differences.sort_values(ascending=False).index]
    result.tables.append(
        TableOf(
            "figure_6",
            "Where we differ most from figure 6",
            worst[["benchmark", "proxy", "architectures", "spearman", "paper", "difference"]],
            "The paper drew 1,000 architectures of its own for figure 6, and its released table "
            "holds others for some benchmarks.",
        )
    )


def _add_profiles(result: Result, grid: pd.DataFrame) -> None:
    kinds: tuple[tuple[Gap, str, str], ...] = (
        ("ratio", "τ: error (1 − rho) divided by the best proxy's", "the papers' own definition"),
        ("difference", "δ: rho of the best proxy minus the proxy's", "ours: rho crosses zero"),
    )
    for kind, label, text in kinds:
        lines = profiles(grid, kind)
        result.drawings.append(
            Drawing(
                f"profile_{kind}",
                f"Performance profiles by {kind}",
                f"Share of benchmarks on which a proxy comes within a {kind} of the best one "
                f"({text}); higher is better.",
                figures.curves(lines, (label, "share of benchmarks"), steps=True),
            )
        )


def _add_similarities(result: Result, studies: Sequence[Study], grid: pd.DataFrame) -> None:
    proxies, by_space = among_proxies(studies)
    result.tables.append(
        TableOf(
            "among_proxies",
            "Correlations among proxies",
            by_space,
            "Spearman's rho between two proxies' scores of the same architectures, averaged over "
            "the benchmarks of a search space, and over all.",
        )
    )
    result.drawings.append(
        Drawing(
            "among_proxies",
            "Correlations among proxies",
            "Heatmap of Spearman's rho between the scores of two proxies on the same "
            "architectures, averaged over all benchmarks.",
            figures.heatmap(proxies, "Spearman's rho"),
        )
    )
    if len(grid.columns) > 2:
        benchmarks, pairs = among_benchmarks(studies, grid)
        result.tables.append(
            TableOf(
                "among_benchmarks",
                "Similarity of benchmarks",
                pairs,
                "`columns of figure 6`: Pearson correlation of the two benchmarks' correlations "
                "over the proxies, which is what the paper's figures 3 and 7 hold. `same "
                "architectures`: Spearman's rho between a proxy's scores of the same "
                "architectures on both, averaged over the proxies: only within a search space.",
            )
        )
        result.drawings.append(
            Drawing(
                "among_benchmarks",
                "Similarity of benchmarks, as the paper computes it",
                "Heatmap of the Pearson correlation between benchmarks' columns of rho.",
                figures.heatmap(benchmarks, "Pearson correlation"),
            )
        )
    for figure, (count, share, largest) in figure_correlations().items():
        result.checks.append(
            Check(
                f"{figure} is a correlation of figure 6's own entries: {count} values",
                "all within .01 (figure 6 is rounded to .01)",
                f"{share:.0%} within .01, largest difference {largest:.3f}",
                largest <= 0.04,
            )
        )
    result.findings.append(
        "Figures 3, 7 and 10 of the paper are said to correlate scores; their values are "
        "reproduced by correlating the columns (3, 7) and rows (10) of figure 6 with each other. "
        "They compare profiles of thirteen or 28 correlations, not scores of architectures."
    )

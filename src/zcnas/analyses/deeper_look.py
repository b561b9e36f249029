"""Everything of "A Deeper Look at Zero-Cost Proxies" that the tables allow, in one call.

Its tables 1 to 3 beside the published scores of NAS-Bench-Suite-Zero and beside ours, its table 4
and its worked example from its own printed figures, and its use of Amdahl's law as a calculator.

Reference: White, Khodak, Tu, Shah, Bubeck and Dey, "A Deeper Look at Zero-Cost Proxies for
Lightweight NAS", ICLR blog track 2022.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from zcnas.analyses import figures
from zcnas.analyses.amdahl import limit, speedup
from zcnas.analyses.correlation import effective_size, pearson, spearman, spearman_interval
from zcnas.analyses.papers import printed
from zcnas.analyses.profiles import profiles, suboptimality
from zcnas.analyses.result import Check, Drawing, Result, TableOf
from zcnas.analyses.study import FEWEST, Study, sampling_weights
from zcnas.judging.statistics import rank_scores
from zcnas.tables import zero_cost_scores

NAME = "deeper-look"
QUESTION = "Do the conclusions of A Deeper Look hold, and which of its figures do?"

BENCHMARK_OF = {
    ("NATS-Bench TSS", "Spherical CIFAR-100"): "nasbench201_scifar100",
    ("NATS-Bench TSS", "CIFAR-100"): "nasbench201_cifar100",
    ("DARTS", "Spherical CIFAR-100"): "nasbench301_scifar100",
    ("DARTS", "NinaPro"): "nasbench301_ninapro",
    ("TransNAS-Bench-101", "Object Classification"): "transbench101_micro_class_object",
    ("TransNAS-Bench-101", "Scene Classification"): "transbench101_micro_class_scene",
    ("TransNAS-Bench-101", "Jigsaw"): "transbench101_micro_jigsaw",
    ("TransNAS-Bench-101", "Autoencoder"): "transbench101_micro_autoencoder",
}
"""Columns of its tables whose architectures or tasks are here; the others have no data."""
DISPUTED = ("fisher", "grad_norm", "snip")
AUTOENCODER = "transbench101_micro_autoencoder"


def analyse(studies: Sequence[Study]) -> Result:
    """Return tables 1 to 4, profiles, the disputed signs, and the calculator."""
    result = Result(
        NAME,
        "A Deeper Look, again",
        QUESTION,
        tuple(study.key for study in studies),
        {study.key: study.table.sha256 for study in studies},
    )
    by_key = {study.key: study for study in studies}
    table = beside(by_key)
    result.tables.append(
        TableOf(
            "tables_1_to_3",
            "Tables 1 to 3",
            table,
            "Spearman's rho as the blog post prints it, of NAS-Bench-Suite-Zero's figure 6, of its "
            "published scores on the architectures here, and of our own scores where our table "
            "covers the benchmark (with a 95 % interval). The blog post drew other architectures: "
            "1,000, and 100 on TransNAS-Bench-101.",
        )
    )
    _check_printed_ranks(result)
    _check_example(result)
    _settle_signs(result, table)
    _add_profiles(result)
    _add_amdahl(result)
    return result


def beside(studies: dict[str, Study]) -> pd.DataFrame:
    """Return a row per proxy and column of tables 1 to 3: four correlations of each."""
    six = printed("suite_zero")["figure_6"]
    rows = []
    for space, column, values in _columns():
        key = BENCHMARK_OF.get((space, column))
        study = studies.get(key or "")
        for proxy, theirs in values.items():
            row: dict[str, object] = {
                "search space": space,
                "dataset": column,
                "proxy": proxy,
                "A Deeper Look": theirs,
                "Suite-Zero figure 6": six[proxy].get(key, np.nan) if key else np.nan,
                "published scores": np.nan,
                "ours": np.nan,
                "ours_low": np.nan,
                "ours_high": np.nan,
                "ours_architectures": 0,
            }
            if study is not None and proxy in study.scores:
                known = study.column(proxy)
                row["published scores"] = spearman(known.ranks, known.accuracy, known.weights)
            if study is not None:
                row |= own_correlation(study, proxy)
            rows.append(row)
    return pd.DataFrame(rows)


def own_correlation(study: Study, proxy: str) -> dict[str, float]:
    """Return rho of our own scores with its interval; nothing where our table has none."""
    if study.key not in zero_cost_scores.read_index()["benchmarks"]:
        return {}
    rows = zero_cost_scores.read_scores(study.key)
    shared = [a for a, row in rows.items() if proxy in row and a in study.accuracies]
    if len(shared) < FEWEST:
        return {}
    ranks = rank_scores([rows[a][proxy] for a in shared])
    weights = sampling_weights(study.benchmark.search_space, study.strata(shared))
    rho = spearman(ranks, [study.accuracies[a] for a in shared], weights)
    low, high = spearman_interval(rho, effective_size(weights))
    return {"ours": rho, "ours_low": low, "ours_high": high, "ours_architectures": len(shared)}


def _columns() -> Iterator[tuple[str, str, dict[str, float]]]:
    for space, columns in printed("deeper_look")["spearman"].items():
        for column, values in columns.items():
            yield space, column, values


def printed_grid() -> pd.DataFrame:
    """Return tables 1 to 3 as printed: proxies by (search space, dataset)."""
    return pd.DataFrame({(space, column): values for space, column, values in _columns()})


def _check_printed_ranks(result: Result) -> None:
    grid = printed_grid()
    ranks = grid.rank(axis=0, ascending=False)
    means = {
        space: ranks[[c for c in grid.columns if c[0] == space]].mean(axis=1)
        for space in printed("deeper_look")["spearman"]
    }
    means["Overall"] = ranks.mean(axis=1)
    theirs = printed("deeper_look")["table_4"]
    rows = [
        {"search space": space, "proxy": proxy, "printed": value, "recomputed": means[space][proxy]}
        for space, values in theirs.items()
        for proxy, value in values.items()
    ]
    table = pd.DataFrame(rows)
    exact = (table["printed"] - table["recomputed"]).abs() <= 0.005 + 1e-9
    result.tables.append(
        TableOf("table_4", "Table 4: average ranks, from its own tables 1 to 3", table)
    )
    result.checks.append(
        Check(
            "table 4 recomputed from tables 1 to 3",
            f"{len(table)} figures",
            f"{int(exact.sum())} agree to the last digit printed",
            bool(exact.all()),
        )
    )
    if not exact.all():
        wrong = ", ".join(
            f"{row['proxy']} on {row['search space']} {row['printed']} → {row['recomputed']:.2f}"
            for row in table[~exact].to_dict(orient="records")
        )
        result.findings.append(f"Its table 4 does not follow from its tables 1 to 3: {wrong}")


def _check_example(result: Result) -> None:
    grid = printed_grid()[[("DARTS", "Spherical CIFAR-100")]]
    place = list(grid.index).index("snip")
    ours = float(suboptimality(grid, "ratio").to_numpy()[place, 0])
    result.checks.append(
        Check("worked example: snip on DARTS, Spherical CIFAR-100", "1.46-suboptimal",
              f"{ours:.2f}", f"{ours:.2f}" == "1.46")
    )  # fmt: skip


def _settle_signs(result: Result, table: pd.DataFrame) -> None:
    rows = table[table["dataset"] == "Autoencoder"].set_index("proxy")
    both = rows.dropna(subset=["Suite-Zero figure 6"])
    agreement = pearson(both["A Deeper Look"], both["Suite-Zero figure 6"])
    opposite = int((both["A Deeper Look"] * both["Suite-Zero figure 6"] < 0).sum())
    result.findings.append(
        f"On the micro autoencoder the two papers' figures have opposite signs for {opposite} of "
        f"{len(both)} proxies, and correlate {agreement:.2f} with each other over the proxies: as "
        "if one of them had ranked by a loss"
    )
    for proxy in DISPUTED:
        row = rows.loc[proxy]
        published = (
            "published scores not analysed"
            if np.isnan(row["published scores"])
            else f"published scores {row['published scores']:+.2f}"
        )
        ours = "none of ours"
        met = None
        if row["ours_architectures"]:
            ours = (
                f"ours {row['ours']:.2f} [{row['ours_low']:.2f}, {row['ours_high']:.2f}] on "
                f"{row['ours_architectures']:.0f} architectures"
            )
            met = bool(row["ours_low"] * row["ours_high"] > 0)
        result.checks.append(
            Check(
                f"sign of {proxy} on the micro autoencoder",
                f"A Deeper Look {row['A Deeper Look']:+.2f}, Suite-Zero "
                f"{row['Suite-Zero figure 6']:+.2f}",
                f"{published}; {ours}",
                met,
            )
        )


def _add_profiles(result: Result) -> None:
    for kind in ("ratio", "difference"):
        lines = profiles(printed_grid(), kind)
        result.drawings.append(
            Drawing(
                f"profile_{kind}",
                f"Performance profiles by {kind}, from its printed tables",
                f"Share of its twelve tasks on which a proxy comes within a {kind} of the best of "
                "its eight.",
                figures.curves(lines, (kind, "share of tasks"), steps=True),
            )
        )


def _add_amdahl(result: Result) -> None:
    example = printed("deeper_look")["amdahl"]
    before, after = example["search_gpu_days_before"], example["search_gpu_days_after"]
    training = example["training_gpu_days"]
    rows: list[dict[str, object]] = [
        {
            "case": "TE-NAS for P-DARTS on DARTS (its example), GPU days",
            "search before": before,
            "search after": after,
            "training": training,
            "speed-up": speedup(before, after, training),
            "limit": limit(before, training),
        }
    ]
    for key in zero_cost_scores.read_index()["benchmarks"]:
        seconds = [row["seconds"] for row in zero_cost_scores.read_scores(key).values()]
        days = 1000 * statistics.median(seconds) / 86_400
        rows.append(
            {
                "case": f"our proxies on 1,000 architectures of {key} in its place, CPU days",
                "search before": before,
                "search after": days,
                "training": training,
                "speed-up": speedup(before, days, training),
                "limit": limit(before, training),
            }
        )
    result.tables.append(
        TableOf(
            "amdahl",
            "Amdahl's law",
            pd.DataFrame(rows),
            "(search before + training) / (search after + training), and its limit for a search "
            "that costs nothing. With your own numbers: `zcnas.analyses.amdahl.speedup`.",
        )
    )
    first = rows[0]
    result.checks.append(
        Check("Amdahl's law, its example", f"{example['speedup']}, at most {example['limit']}",
              f"{first['speed-up']:.2f}, at most {first['limit']:.2f}",
              f"{first['speed-up']:.1f}" == str(example["speedup"]))
    )  # fmt: skip

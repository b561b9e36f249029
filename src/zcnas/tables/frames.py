"""Scores as data frames: ``zcnas.scores("nasbench201_cifar10")``.

Needs pandas, which the extra ``research`` brings.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from zcnas.benchmarks import Benchmark, get_benchmark
from zcnas.errors import TableError
from zcnas.tables import nas_bench_suite_zero, published_scores, zero_cost_scores

Source = Literal["published", "ours"]
ACCURACY = "accuracy"


def scores(
    benchmark: str | Benchmark, source: Source = "published", folder: Path | str | None = None
) -> pd.DataFrame:
    """Return the scores of a benchmark's architectures, one row each, higher is better.

    Args:
        benchmark: A benchmark, or its key.
        source: ``published``, NAS-Bench-Suite-Zero's scores for all 28 benchmarks, or ``ours``, the
            table in the package.
        folder: The folder of accuracy tables; the value of ``ZCNAS_DATA`` if left out. Needed for
            published scores.

    Returns:
        The index is the canonical string of an ``architecture``. The first column is the
        ``accuracy`` (where a folder is known), in the unit of the table's metric; then comes a
        column per proxy. An infinity is a score; NaN means that a proxy failed or was not
        evaluated. Published times follow as ``seconds.<proxy>``, if the file has them; of ours
        there is one column ``seconds``, the CPU time of all proxies together.

    Raises:
        PhaseError: The benchmark is unknown.
        TableError: The source is unknown or does not cover the benchmark, or its file is missing or
            damaged.
    """
    chosen = get_benchmark(benchmark) if isinstance(benchmark, str) else benchmark
    named = os.environ.get("ZCNAS_DATA")
    tables = Path(folder) if folder is not None else Path(named) if named else None
    if source == "published":
        frame = _published(chosen, tables)
    elif source == "ours":
        rows = zero_cost_scores.read_scores(chosen.key)
        frame = pd.DataFrame(list(rows.values()), index=pd.Index(list(rows)))
    else:
        raise TableError(f"unknown source '{source}'; sources: {', '.join(get_args(Source))}")
    frame.index.name = "architecture"
    if tables is not None:
        accuracies = pd.Series(nas_bench_suite_zero.load(chosen, tables).means())
        frame.insert(0, ACCURACY, accuracies.reindex(frame.index))
    return frame


def _published(benchmark: Benchmark, tables: Path | None) -> pd.DataFrame:
    published = published_scores.load_scores(benchmark, tables)
    columns: dict[str, pd.Series[float]] = {
        proxy: pd.Series(column, dtype=float) for proxy, column in published.scores.items()
    }
    for proxy, seconds in published.seconds.items():
        columns[f"seconds.{proxy}"] = pd.Series(seconds, dtype=float)
    return pd.DataFrame(columns)

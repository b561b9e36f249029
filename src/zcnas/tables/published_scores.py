"""The published scores of the thirteen proxies, and the seconds they took, for all 28 benchmarks.

    published = load_scores(get_benchmark("nasbench201_cifar10"), folder)
    published.scores["synflow"]["|nor_conv_3x3~0|+…"]

They are read from the files that also hold the accuracies (``suite_zero_file``). NASLib writes a
proxy that raised an error or gave NaN as −1e8 or ±1e9: these are failures here, never numbers.

Reference: Krishnakumar et al., "NAS-Bench-Suite-Zero", NeurIPS 2022, arXiv:2210.03230.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zcnas.benchmarks import Benchmark
from zcnas.errors import TableError
from zcnas.tables.suite_zero_file import PUBLISHER, read_rows, refusing_other_forms

PROXIES = (
    *("epe_nas", "fisher", "flops", "grad_norm", "grasp", "jacov", "l2_norm"),
    *("nwot", "params", "plain", "snip", "synflow", "zen"),
)
"""The proxies of the publication, in alphabetical order: the names of their columns."""

SENTINELS = frozenset({1e8, -1e8, 1e9, -1e9})
"""What NASLib writes where a proxy failed."""


@dataclass(frozen=True)
class PublishedScores:
    """The published scores of one benchmark.

    Attributes:
        benchmark: The benchmark's key.
        scores: Maps a proxy to the architectures it was evaluated on: a number, infinities
            included, or None where it failed. An architecture without an entry was never evaluated.
        seconds: Maps a proxy to the seconds of each evaluation; empty where the file has no times.
        merged_rows: How many rows were a second drawing of a cell. The scores of its rows, each of
            other initial weights, are averaged.
    """

    benchmark: str
    scores: Mapping[str, Mapping[str, float | None]]
    seconds: Mapping[str, Mapping[str, float]]
    merged_rows: int


def load_scores(benchmark: Benchmark, folder: Path | None = None) -> PublishedScores:
    """Return the published scores of any of the 28 benchmarks.

    Reads ``<folder>/zc_<search space>.json``. A proxy without a column there is left out.

    Raises:
        TableError: The file is missing, has another format or another search space, writes an
            architecture twice, contains nothing for the benchmark, or has accuracies only.
    """
    rows = read_rows(benchmark, folder)
    scores: dict[str, dict[str, float | None]] = {proxy: {} for proxy in PROXIES}
    seconds: dict[str, dict[str, float]] = {proxy: {} for proxy in PROXIES}
    with refusing_other_forms(rows.path, benchmark):
        for architecture, records in rows.cells.items():
            for proxy in PROXIES:
                found = [record[proxy] for record in records if proxy in record]
                if found:
                    scores[proxy][architecture] = _mean(read_score(one["score"]) for one in found)
                times = [float(one["time"]) for one in found if one.get("time") is not None]
                if times:
                    seconds[proxy][architecture] = statistics.fmean(times)
    known = {proxy: column for proxy, column in scores.items() if column}
    if not known:
        raise TableError(
            f"'{rows.path}' has accuracies of {benchmark.key} but no proxy's scores; get the "
            f"complete file from {PUBLISHER}"
        )
    times_of = {proxy: column for proxy, column in seconds.items() if column}
    return PublishedScores(benchmark.key, known, times_of, rows.merged)


def read_score(value: Any) -> float | None:
    """Return a published score; None for a failure: nothing, NaN or one of ``SENTINELS``."""
    if value is None:
        return None
    number = float(value)
    return None if math.isnan(number) or number in SENTINELS else number


def _mean(scores: Iterable[float | None]) -> float | None:
    """Return the mean of the numbers; None if all are failures."""
    numbers = [score for score in scores if score is not None]
    return sum(numbers) / len(numbers) if numbers else None

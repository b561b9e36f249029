"""Forged tables: what ``zcnas forge`` trained, one JSON file per benchmark.

    FOLDER/forged/<benchmark>.json

Each architecture has an accuracy and a loss per training seed, on validation images that
only the forge has.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec

from zcnas.benchmarks import Benchmark
from zcnas.datasets.forged import FOLDER
from zcnas.errors import TableError
from zcnas.tables.table import Table, folder_of_tables, read_bytes
from zcnas.words.json_files import read_json, write_json

SCHEMA_VERSION = 1
PRIVATE = 0o600

Tau = Annotated[float, msgspec.Meta(ge=-1, le=1)]
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]


class ForgedTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``forged/<benchmark>.json``.

    Attributes:
        schema_version: Of this file.
        benchmark: The benchmark's key.
        metric: What was measured.
        images: On what, in words.
        steps: Of each training.
        seed_tau: Kendall's tau-b between the first two training seeds, and its 95 % interval.
        accuracies: Canonical string to accuracies in percent, one per training seed.
        losses: Canonical string to validation losses, in the same order; None where one is not
            finite. Cross-entropies, or of ``image`` mean absolute differences.
    """

    schema_version: int = SCHEMA_VERSION
    benchmark: str
    metric: str
    images: str
    steps: int
    seed_tau: tuple[Tau, Tau, Tau]
    accuracies: dict[str, tuple[Percent, ...]]
    losses: dict[str, tuple[float | None, ...]]


def table_path(folder: Path, benchmark: str) -> Path:
    """Return the file of a benchmark's table in a data folder."""
    return folder / FOLDER / f"{benchmark}.json"


def write_table(folder: Path, table: ForgedTable) -> Path:
    """Write a table into a data folder, readable for its owner alone; return its file."""
    path = table_path(folder, table.benchmark)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, table, PRIVATE)
    return path


def load(benchmark: Benchmark, folder: Path | None) -> Table:
    """Return the table of a forged benchmark.

    Raises:
        TableError: There is no folder or no such table, or it is malformed or of another version
            or benchmark.
    """
    path = table_path(folder_of_tables(folder, f"the forged {benchmark.key}"), benchmark.key)
    content, sha256 = read_bytes(path, "the forge that made it (`zcnas forge new`)")
    found = read_json(path, ForgedTable, TableError)
    if (found.schema_version, found.benchmark) != (SCHEMA_VERSION, benchmark.key):
        raise TableError(
            f"{path} is version {found.schema_version} of {found.benchmark}; expected version "
            f"{SCHEMA_VERSION} of {benchmark.key}: forge it again, or correct its name"
        )
    return Table(
        benchmark=benchmark.key,
        accuracies=found.accuracies,
        metric=found.metric,
        unit="percent",
        source="forged",
        version=hashlib.sha256(content).hexdigest()[:8],
        sha256=sha256,
        noise_ceiling=found.seed_tau[0],
    )

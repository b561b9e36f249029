"""Our own table: the scores of the thirteen proxies for each architecture, and the time they took.

    query("nasbench201_cifar10", "|nor_conv_3x3~0|+…", "synflow")

There is one CSV file per benchmark in ``scores/``, with one row per architecture: its canonical
string, the CPU seconds for all proxies together, and a column per proxy. ``scores/index.json``
gives each file's number of architectures, its SHA-256, and what the scores depend on: version,
images, batch size, initialisation and software versions. Unlike the accuracy tables beside it, this
table is ours and part of the package.

Scores are rounded to seven significant digits; infinities are scores. After the first look-up for a
benchmark, each further one costs three dictionary accesses.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zcnas.errors import TableError

FOLDER = Path(__file__).parent / "scores"
SECONDS = "seconds"
SCHEMA_VERSION = 1

Rows = Mapping[str, Mapping[str, float]]
"""Maps an architecture to a column (a proxy's name or ``SECONDS``) to a number."""

_LOADED: dict[str, Rows] = {}


def query(benchmark: str, architecture: str, proxy: str) -> float:
    """Return a proxy's score for an architecture (higher is better), or its CPU ``seconds``.

    Args:
        benchmark: A benchmark's key.
        architecture: The canonical string of its search space.
        proxy: A proxy's name, or ``seconds``.

    Raises:
        TableError: One of the three is not in the table, or its file is missing or damaged.
    """
    try:
        return _LOADED[benchmark][architecture][proxy]
    except KeyError:
        return _look_up(benchmark, architecture, proxy)


def read_index() -> dict[str, Any]:
    """Return ``index.json``: version, benchmarks, and what the scores depend on.

    Raises:
        TableError: The file is missing or has another format.
    """
    path = FOLDER / "index.json"
    try:
        index: dict[str, Any] = json.loads(path.read_text())
        if index["schema_version"] == SCHEMA_VERSION and isinstance(index["benchmarks"], dict):
            return index
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TableError(
            f"the score table '{path}' cannot be read ({error!r}); get it again from the repository"
        ) from None
    raise TableError(
        f"the score table '{path}' has schema version {index['schema_version']}, but this program "
        f"reads version {SCHEMA_VERSION}; get both from the same version of the repository"
    )


def read_scores(benchmark: str) -> Rows:
    """Return all rows of one benchmark.

    Raises:
        TableError: The table does not cover the benchmark, or its file is missing or damaged.
    """
    known = read_index()["benchmarks"]
    if benchmark not in known:
        raise TableError(
            f"the score table does not cover '{benchmark}'; it covers {', '.join(known)}"
        )
    path = FOLDER / f"{benchmark}.csv"
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != known[benchmark]["sha256"]:
        raise TableError(
            f"the score table '{path}' is not the one that index.json describes; "
            "get both again from the repository"
        )
    rows = csv.DictReader(io.StringIO(content.decode()))
    return {row.pop("architecture"): {k: float(v) for k, v in row.items()} for row in rows}


def write_scores(
    rows_of: Mapping[str, Rows], provenance: Mapping[str, Mapping[str, Any]], version: str,
    folder: Path,
) -> None:  # fmt: skip
    """Write the table: a CSV file per benchmark and the index.

    Args:
        rows_of: The rows by benchmark; all rows have the same columns.
        provenance: By benchmark, what its scores depend on; goes into the index unchanged.
        version: The table's version, for citations.
        folder: The folder to write to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entries = {}
    for benchmark, rows in rows_of.items():
        columns = list(next(iter(rows.values())))
        lines = [",".join(["architecture", *columns])]
        for architecture in sorted(rows):
            numbers = (f"{rows[architecture][column]:.7g}" for column in columns)
            lines.append(",".join([architecture, *numbers]))
        content = ("\n".join(lines) + "\n").encode()
        (folder / f"{benchmark}.csv").write_bytes(content)
        entries[benchmark] = {
            "architectures": len(rows),
            "sha256": hashlib.sha256(content).hexdigest(),
            **provenance[benchmark],
        }
    index = {"schema_version": SCHEMA_VERSION, "version": version, "benchmarks": entries}
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n")


def _look_up(benchmark: str, architecture: str, proxy: str) -> float:
    """Return the number after loading the benchmark, or say which of the three is unknown."""
    if benchmark not in _LOADED:
        _LOADED[benchmark] = read_scores(benchmark)
    rows = _LOADED[benchmark]
    row = rows.get(architecture)
    if row is None:
        raise TableError(
            f"the score table of {benchmark} does not contain '{architecture}'; "
            f"it has {len(rows)} others, such as '{next(iter(rows))}'"
        )
    if proxy not in row:
        raise TableError(f"unknown proxy '{proxy}'; columns of {benchmark}: {', '.join(row)}")
    return row[proxy]

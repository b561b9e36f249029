"""The files of NAS-Bench-Suite-Zero, ``zc_<search space>.json``, as rows per cell.

The format is ``{dataset: {architecture: {"val_accuracy": x, "<proxy>": {"score": y, "time": s}}}}``
with the architecture as a Python literal written by NASLib. ``nas_bench_suite_zero`` reads the
accuracies of the rows, ``published_scores`` the scores.

Reference: Krishnakumar et al., "NAS-Bench-Suite-Zero: Accelerating Research on Zero Cost Proxies",
NeurIPS 2022 Datasets and Benchmarks, arXiv:2210.03230; released with NASLib, Apache-2.0.
"""

from __future__ import annotations

import ast
import functools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zcnas.benchmarks import Benchmark
from zcnas.errors import InvalidArchitecture, TableError
from zcnas.search_spaces import get_search_space
from zcnas.tables.table import cell_key, folder_of_tables, read_bytes
from zcnas.words.json_files import distinct_pairs

_FORM_ERRORS = (
    *(ValueError, TypeError, KeyError, AttributeError, SyntaxError),
    *(OverflowError, RecursionError, MemoryError),  # numbers without end, lists without end
)
PUBLISHER = "the NAS-Bench-Suite-Zero release of NASLib (its README links the data folder)"


@dataclass(frozen=True)
class Rows:
    """The rows of one benchmark.

    Attributes:
        path: The file.
        sha256: Hex digest of its bytes.
        cells: Maps a canonical architecture string to its rows, in the file's order. Rows are of
            one cell if they are isomorphic; the first row's drawing stands for them.
    """

    path: Path
    sha256: str
    cells: Mapping[str, list[dict[str, Any]]]

    @property
    def merged(self) -> int:
        """How many rows are a cell that an earlier row has."""
        return sum(map(len, self.cells.values())) - len(self.cells)


def read_rows(benchmark: Benchmark, folder: Path | None) -> Rows:
    """Return the rows of any of the 28 benchmarks.

    Raises:
        TableError: The file is missing, has another format or another search space, writes an
            architecture twice, or contains nothing for the benchmark.
    """
    name = f"zc_{benchmark.search_space}.json"
    path = folder_of_tables(folder, name) / name
    with refusing_other_forms(path, benchmark):
        datasets, sha256 = _decode(path, _stamp(path))
        space = get_search_space(benchmark.search_space)
        cells: dict[str, list[dict[str, Any]]] = {}
        drawings: dict[str, str] = {}
        for key, record in dict(datasets.get(benchmark.dataset.name, {})).items():
            spec = space.read_naslib(ast.literal_eval(key), benchmark.dataset)
            cells.setdefault(drawings.setdefault(cell_key(spec), str(spec)), []).append(record)
    if not cells:
        raise TableError(
            f"'{path}' has no architectures for {benchmark.dataset.name}, only for "
            f"{', '.join(datasets) or 'nothing'}; get the complete file from {PUBLISHER}"
        )
    return Rows(path, sha256, cells)


@contextmanager
def refusing_other_forms(path: Path, benchmark: Benchmark) -> Iterator[None]:
    """Explain, as a ``TableError``, what in a file is not of this format or search space."""
    space = benchmark.search_space
    try:
        yield
    except _FORM_ERRORS as error:
        raise TableError(
            f"'{path}' is not a NAS-Bench-Suite-Zero table of {space} ({error!r}); get it from "
            f"{PUBLISHER}"
        ) from None
    except InvalidArchitecture as error:
        raise TableError(
            f"'{path}' is for a search space other than {space} ({error}); get {path.name} from "
            f"{PUBLISHER}"
        ) from None


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return what changes when a file is written again; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=1)
def _decode(path: Path, _stamp: tuple[int, int] | None) -> tuple[dict[str, Any], str]:
    """Return a file's content and digest; the last one is kept, for all datasets of a space."""
    content, sha256 = read_bytes(path, PUBLISHER)
    datasets: dict[str, Any] = json.loads(content, object_pairs_hook=distinct_pairs)
    return datasets, sha256

"""``Table``: the accuracies of one benchmark, whatever format its publisher chose.

The readers in this package return a ``Table``; sampling draws architectures from it. All content
comes in through ``read_bytes`` and ``load_table_pickle``: every byte of a table is checksummed, and
no pickle may name a class.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zcnas.benchmarks import Spec, is_percentage
from zcnas.errors import TableError
from zcnas.search_spaces.nasbench101.spec import NasBench101Spec
from zcnas.words.pickles import Allowed, UnsafePickleError, load_pickle


@dataclass(frozen=True)
class Table:
    """The accuracies of one benchmark's architectures. Higher is better, whatever the metric.

    Attributes:
        benchmark: The benchmark's key.
        accuracies: Maps a canonical architecture string to one value per training seed.
        metric: What was measured, e.g. ``validation accuracy at 200 epochs``.
        unit: ``percent``, or ``1`` if the metric has no unit.
        source: The publication's name in ``zcnas.tables.load_table``.
        version: The published version.
        sha256: Hex digest of the bytes read; for several files, of their concatenation in name
            order.
        merged_rows: How many rows of the publication were a cell that an earlier row holds; their
            distinct values are its seeds.
        noise_ceiling: Kendall's tau-b between two training seeds, where the publisher states it;
            None to take it from ``accuracies``.
        training_seconds: Architecture to the seconds of one training, where the publisher states
            them; otherwise empty.

    Raises:
        TableError: There are no architectures, or one has no value, a value that is not finite, or
            one that is no percentage where the unit says so.
    """

    benchmark: str
    accuracies: dict[str, tuple[float, ...]]
    metric: str
    unit: str
    source: str
    version: str
    sha256: str
    merged_rows: int = 0
    noise_ceiling: float | None = None
    training_seconds: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.accuracies:
            raise TableError(
                f"the table {self.source} has no architectures for {self.benchmark}; "
                "download it again from its publisher"
            )
        for architecture, values in self.accuracies.items():
            if not values or not all(math.isfinite(value) for value in values):
                raise TableError(
                    f"the table {self.source} has the values {values} for {architecture} of "
                    f"{self.benchmark}; expected one or more finite numbers. Download it again"
                )
            if self.unit == "percent" and not all(
                is_percentage(self.benchmark, value) for value in values
            ):
                raise TableError(
                    f"the table {self.source} has the values {values} for {architecture} of "
                    f"{self.benchmark}, which are no percentages: expected 0 to 100, and nothing "
                    f"far below chance, as a fraction is. Bring all rows into percent"
                )

    def mean(self, architecture: str) -> float:
        """Return the mean over the seeds of one architecture.

        Raises:
            TableError: The table does not contain the architecture.
        """
        try:
            values = self.accuracies[architecture]
        except KeyError:
            raise TableError(
                f"the table {self.source} of {self.benchmark} does not contain '{architecture}'; "
                f"it has {len(self.accuracies)} others, such as '{next(iter(self.accuracies))}'"
            ) from None
        return math.fsum(values) / len(values)

    @property
    def training_seeds(self) -> tuple[int, int]:
        """The smallest and the largest number of training seeds of an architecture."""
        counts = {len(values) for values in self.accuracies.values()}
        return min(counts), max(counts)

    def means(self) -> dict[str, float]:
        """Return the mean over the seeds of every architecture, in the table's order."""
        return {architecture: self.mean(architecture) for architecture in self.accuracies}


def cell_key(spec: Spec) -> str:
    """Return what is equal for two drawings of one cell: its published hash, or its string."""
    return spec.module_hash() if isinstance(spec, NasBench101Spec) else str(spec)


def read_bytes(path: Path, publisher: str) -> tuple[bytes, str]:
    """Return the content of a table's file and its SHA-256.

    Args:
        path: The file.
        publisher: Where to get the file, in words; part of the error.

    Raises:
        TableError: The file is missing or cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableError(
            f"the accuracy table '{path}' cannot be read ({error.strerror}); "
            f"get {path.name} from {publisher} and put it there"
        ) from None
    return content, hashlib.sha256(content).hexdigest()


def folder_of_tables(folder: Path | None, what: str) -> Path:
    """Return ``folder``, which every table needs that is not shipped in a package.

    Raises:
        TableError: No folder was given.
    """
    if folder is None:
        raise TableError(
            f"there is no folder of accuracy tables to read {what} from; "
            "set ZCNAS_DATA to the folder that contains it"
        )
    return folder


def load_table_pickle(content: bytes, path: Path, allowed: Allowed | None = None) -> object:
    """Return the plain data in a pickle.

    Args:
        content: The pickle.
        path: Where it came from, for the error.
        allowed: Maps (module, name) to a stand-in; nothing else is looked up.

    Raises:
        TableError: The bytes are not a pickle, or the pickle names a class that is not allowed.
    """
    try:
        return load_pickle(content, allowed)
    except UnsafePickleError as error:
        raise TableError(
            f"the accuracy table '{path}' is not a pickle of plain data ({error}); "
            "download it again from its publisher"
        ) from None

"""The accuracies of one benchmark as one value, whatever format its publisher chose.

The readers beside this module return a ``Table``; sampling draws architectures from it.
``read_bytes`` and ``load_table_pickle`` are the two ways in: every byte of a table is checksummed,
and no pickle may name a class.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

from zcnas.errors import TableError
from zcnas.pickles import Allowed, UnsafePickleError, load_pickle


@dataclass(frozen=True)
class Table:
    """What the architectures of one benchmark reach. Higher is better, whatever the metric.

    Attributes:
        benchmark: The benchmark's key.
        accuracies: Canonical architecture string to one value per training seed.
        metric: What was measured, e.g. ``validation accuracy at 200 epochs``.
        unit: ``percent``, or ``1`` where the metric has no unit.
        source: The name under which ``zcnas.tables.load_table`` knows the publication.
        version: The published version.
        sha256: Hex digest of the bytes that were read (of several files: of their concatenation in
            name order).

    Raises:
        TableError: No architecture, an architecture without a value, or a value that is not finite.
    """

    benchmark: str
    accuracies: dict[str, tuple[float, ...]]
    metric: str
    unit: str
    source: str
    version: str
    sha256: str

    def __post_init__(self) -> None:
        if not self.accuracies:
            raise TableError(
                f"the table {self.source} holds no architecture of {self.benchmark}; "
                "download it again from its publisher"
            )
        for architecture, values in self.accuracies.items():
            if not values or not all(math.isfinite(value) for value in values):
                raise TableError(
                    f"the table {self.source} gives {architecture} of {self.benchmark} the values "
                    f"{values}; allowed are one or more finite numbers; download the table again"
                )

    def mean(self, architecture: str) -> float:
        """Return the mean over the seeds of one architecture.

        Raises:
            TableError: The table does not hold the architecture.
        """
        try:
            values = self.accuracies[architecture]
        except KeyError:
            raise TableError(
                f"the table {self.source} of {self.benchmark} does not hold '{architecture}'; "
                f"it holds {len(self.accuracies)} others, such as '{next(iter(self.accuracies))}'"
            ) from None
        return math.fsum(values) / len(values)

    @property
    def training_seeds(self) -> tuple[int, int]:
        """The fewest and the most training seeds an architecture has."""
        counts = {len(values) for values in self.accuracies.values()}
        return min(counts), max(counts)

    def means(self) -> dict[str, float]:
        """Return the mean over the seeds of every architecture, in the table's order."""
        return {architecture: self.mean(architecture) for architecture in self.accuracies}


def read_bytes(path: Path, publisher: str) -> tuple[bytes, str]:
    """Return the content of a table's file and its SHA-256.

    Args:
        path: The file.
        publisher: Where people get the file, in words; part of the error.

    Raises:
        TableError: The file is not there or cannot be read.
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
    """Return ``folder``, which a table that no package ships cannot do without.

    Raises:
        TableError: No folder was named.
    """
    if folder is None:
        raise TableError(
            f"no folder of accuracy tables is named, and {what} is read from one; "
            "set ZCNAS_DATA to the folder that holds it"
        )
    return folder


def load_table_pickle(content: bytes, path: Path, allowed: Allowed | None = None) -> object:
    """Return the plain data of a pickle.

    Args:
        content: The pickle.
        path: Where it came from, for the error.
        allowed: (module, name) to the class that stands for it; nothing else is looked up.

    Raises:
        TableError: The bytes are no pickle, or the pickle names a class that is not allowed.
    """
    try:
        return load_pickle(content, allowed)
    except UnsafePickleError as error:
        raise TableError(
            f"the accuracy table '{path}' is not a pickle of plain data ({error}); "
            "download it again from its publisher"
        ) from None

"""What the files of one submission on one benchmark are called; no other module spells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PREDICTIONS, MANIFEST, LOG = ".predictions.jsonl", ".manifest.json", ".log"
"""Endings after a benchmark's key: one line per architecture, how they came about, and what the
submission printed."""
ENDINGS = (PREDICTIONS, MANIFEST, LOG)
RUN_RECORD = "run.sealed"
"""On a platform, one file that holds all of it, for all benchmarks, sealed line by line."""
OWNER = "submission-"
"""Beside it, an empty file whose name ends with the digest of the submission."""


@dataclass(frozen=True)
class ResultFiles:
    """The files of one submission on one benchmark, whether they exist or not.

    Attributes:
        folder: The submission's folder.
        benchmark: The benchmark's key.
    """

    folder: Path
    benchmark: str

    def path(self, ending: str) -> Path:
        """Return the file with one of ``ENDINGS``."""
        return self.folder / f"{self.benchmark}{ending}"

    @property
    def predictions(self) -> Path:
        """One line per architecture, in the order they were asked for."""
        return self.path(PREDICTIONS)

    @property
    def manifest(self) -> Path:
        """How the predictions came about: limits, versions, machine, times."""
        return self.path(MANIFEST)

    @property
    def log(self) -> Path:
        """What the submission printed, up to a limit."""
        return self.path(LOG)

    def __iter__(self) -> Iterator[Path]:
        """Yield every file a program may write for the benchmark."""
        return (self.path(ending) for ending in ENDINGS)

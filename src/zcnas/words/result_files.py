"""What the files of one submission on one benchmark are called; no other module spells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PREDICTIONS, COMBINED = ".predictions.jsonl", ".combined.json"
"""Endings after a benchmark's key: one line per architecture, and the scores that the submission's
``combine`` made of answers in parts."""
MANIFEST, LOG = ".manifest.json", ".log"
"""How they came about, and what the submission printed."""
ENDINGS = (PREDICTIONS, COMBINED, MANIFEST, LOG)
RUN_RECORD = "run.sealed"
"""On a platform, one file that holds all of it, for all benchmarks, sealed line by line."""
OWNER = "submission-"
"""Beside it, an empty file whose name ends with the digest of the submission."""


def name_of(benchmark: str, ending: str) -> str:
    """Return the name of a benchmark's file with one of ``ENDINGS``."""
    return f"{benchmark}{ending}"


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
        return self.folder / name_of(self.benchmark, ending)

    @property
    def predictions(self) -> Path:
        """One line per architecture, in the order they were asked for."""
        return self.path(PREDICTIONS)

    @property
    def combined(self) -> Path:
        """What the submission's ``combine`` made of its answers; only where these are in parts."""
        return self.path(COMBINED)

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

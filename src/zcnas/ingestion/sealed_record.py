"""The record of a run on a platform: a file that other processes may write to as well.

Every line is kept in memory, written with its seal, and compared with the file at the end.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from zcnas.errors import OrganiserError
from zcnas.hosted.regular_files import create_regular, read_regular
from zcnas.hosted.run_record import (
    Answer,
    Combining,
    Line,
    Printed,
    Start,
    Told,
    owner_name,
    seal_line,
)
from zcnas.hosted.seals import Seals
from zcnas.ingestion.shared_container import remove
from zcnas.words.combined import Combined
from zcnas.words.feedback import Feedback
from zcnas.words.records import Manifest, Prediction
from zcnas.words.result_files import RUN_RECORD

_TRIES = 20
"""How often a file is made again that another process removes, or puts something else in place."""


@contextmanager
def sealed_record(folder: Path, key: bytes) -> Iterator[SealedRecord]:
    """Open the record of a run, and make the file agree with memory at the end.

    Args:
        folder: Where the file is written.
        key: Key of the seals.

    Raises:
        OrganiserError: It cannot be written.
    """
    try:
        record = SealedRecord(folder, key)
        try:
            yield record
        finally:
            if record.settle():
                print(f"another process had changed {RUN_RECORD}; rewritten")
    except OSError as error:
        raise OrganiserError(
            f"cannot write the results to {folder}: {error.strerror or error}"
        ) from None


class SealedRecord:
    """The record of a run, written line by line, and in memory as well.

    Args:
        folder: Where the file is written.
        key: Key of the seals.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self._path = folder / RUN_RECORD
        self._seals = Seals(key)
        self._lines: list[bytes] = []
        self._lock = threading.Lock()
        self._owner: Path | None = None
        # Held open: what another process does to its name changes nothing until ``settle``.
        self._file = _create(self._path)

    def add(self, line: Line) -> None:
        """Write a line with its seal; safe from several threads."""
        with self._lock:
            self._lines.append(seal_line(self._seals, line))
            self._file.write(self._lines[-1])
            self._file.flush()

    def belongs_to(self, start: Start) -> None:
        """Write the first line, and say in the folder whose record it is."""
        self.add(start)
        self._owner = self._path.with_name(owner_name(start))

    @property
    def files(self) -> list[Path]:
        """What a finished run leaves."""
        return [self._path, *([self._owner] if self._owner else [])]

    def settle(self) -> bool:
        """Make the files hold what memory holds; return whether the record did not."""
        with suppress(OSError):  # a full disk has been reported before
            self._file.close()
        if self._owner:
            _create(self._owner).close()
        content = b"".join(self._lines)
        if read_regular(self._path, len(content)) == content:
            return False
        with _create(self._path) as file:
            file.write(content)
        return True


class BenchmarkRecord:
    """Takes what the ingestion of one benchmark tells, and keeps what may be kept of it.

    What a platform stores can be asked of it, so only that is stored which the phase's feedback
    shows anyway, and the scores it is computed from. A phase that shows no scores is ranked on the
    organiser's own machine, so nothing is kept.

    Args:
        record: The run's.
        benchmark: The benchmark's key.
        feedback: What participants may see.
    """

    def __init__(self, record: SealedRecord, benchmark: str, feedback: Feedback) -> None:
        self._record = record
        self._benchmark = benchmark
        self._feedback = feedback
        self.failed = 0

    def add_prediction(self, prediction: Prediction) -> None:
        """Write what became of an architecture."""
        self.failed += prediction.status != "ok"
        if not self._feedback.messages:
            prediction = msgspec.structs.replace(prediction, message="")
        if self._feedback.scores:
            self._record.add(Answer(benchmark=self._benchmark, prediction=prediction))

    def add_combined(self, combined: Combined) -> None:
        """Write what ``combine`` made of the answers."""
        if not self._feedback.messages:
            combined = msgspec.structs.replace(combined, message="")
        if self._feedback.scores:
            self._record.add(Combining(combined=combined))

    def add_manifest(self, manifest: Manifest) -> None:
        """Write the manifest as it stands."""
        if not self._feedback.messages:
            public = msgspec.structs.replace(manifest.public, setup_message="")
            manifest = msgspec.structs.replace(manifest, public=public)
        if self._feedback.scores:
            self._record.add(Told(manifest=manifest))

    def add_log(self, text: str) -> None:
        """Write what the participant printed."""
        if self._feedback.messages:
            self._record.add(Printed(benchmark=self._benchmark, text=text))


def _create(path: Path) -> BinaryIO:
    """Return a new file at a path, whatever another process keeps putting there.

    Raises:
        OSError: It does so every time, or a file cannot be created.
    """
    for _ in range(_TRIES):
        with suppress(FileExistsError):
            remove(path)
            return create_regular(path)
    raise OSError(f"another process keeps replacing {path.name}")

"""A file that grows line by line and survives whatever ends the process.

One JSON record per line, each under a key of its own, appended whole. After a kill at any moment
the file holds every line that was written, and at most one torn line at its end, which is cut off
before the next is appended.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from zcnas.errors import OrganiserError, ResultsError

SYNC_INTERVAL_S = 1.0
"""Seconds between two calls that have the disk itself written; lines younger than that may be lost
to a power cut, never to a killed process."""

_R = TypeVar("_R")


class LinesFile(Generic[_R]):
    """The records of one work.

    Opening it reads what is there and cuts off a torn last line. Appending is safe from several
    threads. The records themselves are not kept in memory.

    Args:
        path: The file; it need not exist, nor its folder.
        key: Returns what tells a record from all others.
        read: Returns the records of a file.

    Raises:
        ZcnasError: What ``read`` raises of a file that is malformed.
    """

    def __init__(
        self, path: Path, key: Callable[[_R], str], read: Callable[[Path], list[_R]]
    ) -> None:
        self.path = path
        self._key = key
        self._read = read
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._synced = 0.0
        self._keys: dict[str, None] = {}
        self._earlier: list[_R] = []
        if path.is_file():
            _cut_torn_line(path)
            self._earlier = read(path)
            self._keys = dict.fromkeys(map(key, self._earlier))

    def __contains__(self, key: str) -> bool:
        """Return whether there is a record under a key."""
        return key in self._keys

    def __len__(self) -> int:
        """Return how many records there are."""
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        """Yield the keys in the order of the lines."""
        return iter(tuple(self._keys))

    def take_earlier(self) -> list[_R]:
        """Return what the file held when it was opened, and forget it."""
        earlier, self._earlier = self._earlier, []
        return earlier

    def append(self, record: _R) -> bool:
        """Append a line; return False and do nothing if its key is there already.

        Raises:
            OrganiserError: The disk does not take it; the file is as it was before.
        """
        key, line = self._key(record), msgspec.json.encode(record) + b"\n"
        with self._lock:
            if key in self._keys:
                return False
            try:
                self._write(line)
            except OSError as error:
                raise OrganiserError(
                    f"cannot write to {self.path}: {error.strerror}; make room, then repeat the "
                    "command to resume"
                ) from None
            self._keys[key] = None
        return True

    def close(self) -> None:
        """Have the disk written, and close the file; appending opens it again."""
        with self._lock:
            if self._descriptor is not None:
                descriptor, self._descriptor = self._descriptor, None
                try:
                    os.fdatasync(descriptor)
                finally:
                    os.close(descriptor)

    def rewrite(self, change: Callable[[list[_R]], Iterable[_R]]) -> None:
        """Close the file and replace its records by what ``change`` makes of them.

        Raises:
            OSError: The disk is full; the file is as it was before.
        """
        self.close()
        records = list(change(self._read(self.path)))
        partial = self.path.with_name(self.path.name + ".partial")
        with partial.open("wb") as file:
            file.writelines(msgspec.json.encode(record) + b"\n" for record in records)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.path)
        self._keys = dict.fromkeys(map(self._key, records))

    def _write(self, line: bytes) -> None:
        if self._descriptor is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(self.path, flags, 0o644)
        before = os.fstat(self._descriptor).st_size
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            if time.monotonic() - self._synced > SYNC_INTERVAL_S:
                os.fdatasync(self._descriptor)
                self._synced = time.monotonic()
        except OSError:
            os.ftruncate(self._descriptor, before)
            raise


def read_lines(path: Path, kind: type[_R]) -> list[_R]:
    """Return the records of a file of lines.

    Raises:
        ResultsError: A line is malformed.
    """
    try:
        return msgspec.json.Decoder(kind).decode_lines(path.read_bytes())
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ResultsError(f"{path} is malformed: {error}; delete it to start again") from None


def _cut_torn_line(path: Path) -> None:
    """Cut off what stands behind the last newline: a line that a dying process did not finish."""
    with path.open("r+b") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)

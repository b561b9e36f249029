"""What a participant prints, kept up to a limit and made harmless to read."""

from __future__ import annotations

import codecs
import contextlib
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from zcnas.text import printable

PAUSE_S = 0.005
"""Pause after each piece of output beyond the limit.

A flood then waits for us: at most some 10 MB/s are read and thrown away.
"""


class CappedLog:
    """A text file that keeps the first ``max_bytes`` written to it, without control characters.

    Output is attributed to the architecture in flight when it arrives: a heading is written before
    its first line. Writing is safe from several threads.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._remaining = max_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._lock = threading.Lock()
        self._heading = ""
        self._failure: OSError | None = None

    def begin(self, heading: str) -> None:
        """Name what the output from now on belongs to."""
        with self._lock:
            self._heading = f"--- {heading}\n"

    def write(self, output: bytes) -> None:
        """Keep as much of the output as the limit allows.

        The last line then says that more was cut.
        """
        with self._lock:
            full = self._remaining <= 0 or self._file.closed
            if not full and self._failure is None:
                try:
                    self._keep(output)
                except OSError as error:
                    self._failure = error
        if full:
            time.sleep(PAUSE_S)

    def raise_failure(self) -> None:
        """Raise what kept the log from being written: a fault of this machine, as a full disk.

        Raises:
            OSError: That fault.
        """
        if self._failure is not None:
            raise self._failure

    def _keep(self, output: bytes) -> None:
        text = self._heading + printable(self._decoder.decode(output[: self._remaining]))
        self._heading = ""
        self._remaining -= len(output)
        self._file.write(text)
        if self._remaining <= 0:
            self._file.write("\n--- the log's size limit is reached; further output is not kept\n")
        self._file.flush()

    def __enter__(self) -> Self:
        """Return the log."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        with self._lock, contextlib.suppress(OSError):  # told by ``raise_failure`` if it matters
            self._file.close()

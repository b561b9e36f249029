"""What a participant prints, kept up to a limit and made harmless to read."""

from __future__ import annotations

import codecs
import threading
import time
from collections.abc import Callable

from zcnas.text import printable

PAUSE_S = 0.005
"""Pause after each piece of output beyond the limit.

A flood then waits for us: at most some 10 MB/s are read and thrown away.
"""


class CappedLog:
    """Hands on the first ``max_bytes`` written to it, as text without control characters.

    Output is attributed to the architecture in flight when it arrives: a heading goes before its
    first line. Writing is safe from several threads.

    Args:
        keep: Takes the next piece of text.
        max_bytes: What is kept at most.
    """

    def __init__(self, keep: Callable[[str], None], max_bytes: int) -> None:
        self._keep = keep
        self._remaining = max_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._lock = threading.Lock()
        self._heading = ""
        self._closed = False
        self._failure: OSError | None = None

    def begin(self, heading: str) -> None:
        """Name what the output from now on belongs to."""
        with self._lock:
            self._heading = f"--- {heading}\n"

    def write(self, output: bytes) -> None:
        """Hand on as much of the output as the limit allows.

        The last line then says that more was cut.
        """
        with self._lock:
            full = self._remaining <= 0 or self._closed
            if not full and self._failure is None:
                try:
                    self._keep(self._text_of(output))
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

    def close(self) -> None:
        """Hand on nothing more."""
        with self._lock:
            self._closed = True

    def _text_of(self, output: bytes) -> str:
        text = self._heading + printable(self._decoder.decode(output[: self._remaining]))
        self._heading = ""
        self._remaining -= len(output)
        if self._remaining <= 0:
            text += "\n--- the log's size limit is reached; further output is not kept\n"
        return text

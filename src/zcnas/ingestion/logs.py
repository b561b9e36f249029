"""What a participant prints, kept up to a limit and made harmless to read."""

from __future__ import annotations

import codecs
import contextlib
import re
import threading
import time
from collections.abc import Callable

from zcnas.words.text import printable

_MARK = "---"
"""What our own lines begin with."""
_OURS = re.compile(f"^{_MARK}", re.MULTILINE)
PAUSE_S = 0.005
"""Pause after each piece of output beyond the limit.

A flood then waits for us: at most some 10 MB/s are read and thrown away.
"""


class CappedLog:
    """Hands on the first ``max_bytes`` written to it, as text without control characters.

    Output is attributed to the architecture in flight when it arrives: a heading goes before its
    first line, and always on a line of its own. A line of the participant that would look like one
    of ours is moved by a space. Writing is safe from several threads.

    Args:
        keep: Takes the next piece of text.
        max_bytes: What is kept at most, and what stands for a control character is longer than it.
    """

    def __init__(self, keep: Callable[[str], None], max_bytes: int) -> None:
        self._keep = keep
        self._remaining = max_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._lock = threading.Lock()
        self._heading = ""
        self._line_begins = True
        self._pending = ""
        self._closed = False
        self._failure: OSError | None = None

    def begin(self, heading: str) -> None:
        """Name what the output from now on belongs to."""
        with self._lock:
            self._heading = f"{_MARK} {heading}\n"

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
            if self._pending and not self._closed and self._failure is None:
                with contextlib.suppress(OSError):
                    self._keep(self._pending)
            self._closed = True

    def _text_of(self, output: bytes) -> str:
        kept = printable(self._decoder.decode(output[: self._remaining])).encode(errors="replace")
        text = kept[: self._remaining].decode(errors="ignore")
        self._remaining -= max(len(output), len(kept))
        heading, self._heading = self._heading, ""
        begin = self._end_line() + heading if heading else ""
        text = begin + self._quoted(text)
        if self._remaining <= 0:
            end = self._end_line()
            text += f"{end}{_MARK} the log's size limit is reached; further output is not kept\n"
        return text

    def _end_line(self) -> str:
        """Return what brings us to the beginning of a line."""
        pending, self._pending = self._pending, ""
        at_begin, self._line_begins = self._line_begins and not pending, True
        return "" if at_begin else f"{pending}\n"

    def _quoted(self, text: str) -> str:
        """Return a participant's text with no line that begins as ours do.

        It may come a byte at a time, so the beginning of what could become a mark is held back.
        """
        text, self._pending = self._pending + text, ""
        quoted = _OURS.sub(f" {_MARK}", text)
        if not self._line_begins and text.startswith(_MARK):
            quoted = quoted[1:]
        last = quoted.rpartition("\n")[2]
        begins = "\n" in quoted or self._line_begins
        if begins and last and _MARK.startswith(last):
            self._pending = last
            quoted = quoted[: len(quoted) - len(last)]
            self._line_begins = True
        elif quoted:
            self._line_begins = quoted.endswith("\n")
        return quoted

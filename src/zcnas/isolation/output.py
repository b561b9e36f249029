"""What a worker prints, on its way from a pipe to the log."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from typing import IO

_AT_ONCE = 1 << 16
_PIPE_BYTES = 1 << 20
"""The most that the kernel keeps in a pipe whose size a user without rights has raised."""


class OutputReader:
    """Hands every piece of a stream to a log, from a thread of its own.

    Args:
        stream: A pipe; closed at the end.
        log: Called with every piece.
    """

    def __init__(self, stream: IO[bytes], log: Callable[[bytes], None]) -> None:
        self._stream = stream
        self._log = log
        self._ended = os.eventfd(0)
        self._finished = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Return when everything printed so far is in the log, however long the log takes.

        Called when those who print have been ended: what a process that got away goes on to print
        is not waited for. May be called again.
        """
        if self._finished:
            return
        self._finished = True
        os.eventfd_write(self._ended, 1)
        self._thread.join()
        os.close(self._ended)

    def _run(self) -> None:
        rest, ending = _PIPE_BYTES, False
        with self._stream as stream:
            poll = select.poll()
            poll.register(stream, select.POLLIN)
            poll.register(self._ended, select.POLLIN)
            while rest > 0:
                ready = [descriptor for descriptor, _ in poll.poll(0 if ending else None)]
                if stream.fileno() in ready:
                    chunk = os.read(stream.fileno(), _AT_ONCE)
                    if not chunk:
                        return
                    self._log(chunk)
                    rest -= len(chunk) if ending else 0
                elif ending:
                    return
                ending = self._ended in ready

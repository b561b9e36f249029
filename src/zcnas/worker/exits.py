"""Where a process ended itself: ``os._exit`` says so, and a crash leaves its Python lines."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

_exit_at_once = os._exit
_FRAME = re.compile(r'^  File "(.+)", line (\d+) in ', re.MULTILINE)


class ExitTeller:
    """Has ``os._exit`` tell where it was called, and with which status, before the process ends.

    Only in the process that is asked to tell: what that one has forked exits without a word.

    Args:
        submission: The participant's folder.
    """

    def __init__(self, submission: Path) -> None:
        self._submission = submission
        self._process = 0
        self._tell: Callable[[int, str], None] = lambda status, place: None
        os._exit = self._exit

    def tell(self, tell: Callable[[int, str], None]) -> None:
        """Call ``tell`` with status and place at an exit of this process from now on."""
        self._process, self._tell = os.getpid(), tell

    def be_silent(self) -> None:
        """Tell nobody any more."""
        self._process = 0

    def _exit(self, status: int) -> NoReturn:
        if os.getpid() == self._process:
            with contextlib.suppress(BaseException):
                frames = [
                    (frame.filename, frame.lineno or 0)
                    for frame in reversed(traceback.extract_stack())
                ]
                self._tell(status, own_place(frames, self._submission))
        _exit_at_once(status)


def leave_traces(descriptor: int) -> None:
    """Have this process write its Python lines to a descriptor if a signal of the kernel ends it.

    A fault (SIGSEGV, SIGFPE, SIGABRT, SIGBUS, SIGILL), or the limit of CPU time (SIGXCPU).
    """
    faulthandler.enable(file=descriptor, all_threads=False)
    faulthandler.register(signal.SIGXCPU, file=descriptor, all_threads=False, chain=True)


def place_in_traces(traces: str, submission: Path) -> str:
    """Return the participant's line in what ``leave_traces`` had written; "" without one."""
    frames = [(name, int(line)) for name, line in _FRAME.findall(traces)]
    return own_place(frames, submission)


def own_place(frames: list[tuple[str, int]], submission: Path) -> str:
    """Return file and line of the innermost frame in the submission, or an empty string.

    Args:
        frames: (file, line), the innermost first.
        submission: The participant's folder.
    """
    for name, line in frames:
        path = Path(name)
        if path.is_relative_to(submission):
            return f"{path.relative_to(submission)}, line {line}"
    return ""

"""What the worker takes before a submission is loaded, and takes back after its set-up.

A submission shares the worker's process: it may replace functions and streams, install signal
handlers, start timers and change settings. The worker keeps its own streams, has its own handlers
and no timers while it serves, and gives each query what set-up left. What was changed is known by
name, for when our code no longer runs because of it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

import torch

from zcnas.worker.exits import ExitTeller
from zcnas.worker.faults import describe
from zcnas.worker.own_names import OwnNames

Handler = Callable[[int, FrameType | None], Any] | int | None

_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_SETTINGS: Mapping[str, Callable[[], object]] = {
    "torch's default dtype": torch.get_default_dtype,
    "torch's default device": torch.get_default_device,
    "gradients": torch.is_grad_enabled,
}


class OwnProcess:
    """The worker's own streams and signal handlers; made before anything is loaded.

    Args:
        submission: The participant's folder.
        log: A descriptor for tracebacks that nobody else uses.

    Attributes:
        submission: The participant's folder.
        exits: Tells where ``os._exit`` is called.
    """

    def __init__(self, submission: Path, log: int) -> None:
        self.submission = submission
        self.exits = ExitTeller(submission)
        self._log: TextIO = os.fdopen(log, "w", errors="backslashreplace", buffering=1)
        self._streams = (sys.stdout, sys.stderr)
        self._handlers = _handlers()
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        self._names = OwnNames()
        self._settings = {name: _value_of(name) for name in _SETTINGS}
        self._recursion_limit = self._their_recursion_limit = sys.getrecursionlimit()
        self._theirs: Mapping[int, Handler] = {}
        self._their_mask: Iterable[int] = ()

    def print_traceback(self, error: BaseException) -> None:
        """Write an exception's traceback to the log, whatever has become of stderr."""
        with contextlib.suppress(Exception):
            traceback.print_exception(error, file=self._log)

    def note(self, text: str) -> None:
        """Write a line to the log."""
        with contextlib.suppress(Exception):
            self._log.write(f"{text}\n")

    def flush(self) -> None:
        """Have everything written that was printed, as far as the streams in place allow."""
        for stream in (*self._streams, sys.stdout, sys.stderr):
            with contextlib.suppress(BaseException):
                stream.flush()

    def take_back(self) -> None:
        """Put the worker's own names, signal handlers and recursion limit in place, stop timers."""
        self._names.take_back()
        self._their_recursion_limit = sys.getrecursionlimit()
        sys.setrecursionlimit(self._recursion_limit)
        for timer in _TIMERS:
            signal.setitimer(timer, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.set_wakeup_fd(-1)
        now = _handlers()
        self._theirs = {
            number: handler
            for number, handler in now.items()
            if handler != self._handlers[number] and handler is not None
        }
        for number in self._theirs:
            _install(number, self._handlers[number])
        self._their_mask = signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def give_back(self) -> None:
        """Put what set-up had installed in place again, for a query's process."""
        for number, handler in self._theirs.items():
            _install(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._their_mask)
        sys.setrecursionlimit(self._their_recursion_limit)
        self._names.give_back()

    def take_names_back(self) -> None:
        """Put the names that ``give_back`` had replaced in place: a call is over."""
        self._names.put_own()

    def blame(self) -> str:
        """Return what the submission changed, to be added to the message of a fault in our code."""
        changes = self.changes()
        more = f" and {len(changes) - 5} more" if len(changes) > 5 else ""
        said = f"; this is our code, but set-up had changed {', '.join(changes[:5])}{more}"
        return said if changes else ""

    def tell(self, error: BaseException, *, is_ours: bool) -> str:
        """Log an exception that ended a set-up or a query, and return its message.

        Nothing of the submission runs after that, so names that it had replaced are put back.

        Args:
            error: The exception.
            is_ours: Whether our code raised it rather than the submission.
        """
        said = self.blame() if is_ours else ""
        self._names.put_all_own()
        self.print_traceback(error)
        return describe(error, self.submission) + said

    def changes(self) -> list[str]:
        """Return the names of what the submission has replaced or set since, as code spells it."""
        settings = [name for name in _SETTINGS if _value_of(name) != self._settings[name]]
        return [*settings, *self._names.replaced()]


def _value_of(setting: str) -> object:
    try:
        return _SETTINGS[setting]()
    except Exception:  # noqa: BLE001 - a default device that this machine does not have
        return None


def _handlers() -> dict[int, Handler]:
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def _install(number: int, handler: Handler) -> None:
    """Install a handler where it can be: none that C code had installed, none for SIGKILL."""
    if handler is not None:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, handler)

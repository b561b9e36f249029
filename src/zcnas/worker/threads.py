"""Threads that a set-up leaves running: a query's process is a fork, in which none of them exists.

Code that waits for one there waits until its time is over; and what one computes between queries
would reach later queries. So a set-up must end what it starts.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

END_S = 1.0
"""Seconds that threads have to end after set-up."""
_HARMLESS = ("tqdm._monitor",)
"""Modules whose threads only watch, and are missed by nobody."""


class ThreadsLeftError(RuntimeError):
    """Set-up ended and threads that it started did not."""


@contextlib.contextmanager
def watched_threads(submission: Path) -> Iterator[None]:
    """Run a set-up, and raise an error if it leaves threads behind.

    The worker has one CPU: ``torch.set_num_threads`` has no effect meanwhile, because the pool that
    torch would start does not survive a fork either.

    Args:
        submission: The participant's folder, for the line that started a thread.

    Raises:
        ThreadsLeftError: A thread runs on.
    """
    before = set(threading.enumerate())
    started: dict[threading.Thread, str] = {}
    start, set_num_threads = threading.Thread.start, torch.set_num_threads

    @functools.wraps(start)
    def noting_start(self: threading.Thread, *args: Any, **named: Any) -> None:
        started[self] = _own_line(submission)
        start(self, *args, **named)

    @functools.wraps(set_num_threads)
    def without_effect(number: int) -> None:
        if not isinstance(number, int) or number < 1:
            set_num_threads(number)  # raises

    threading.Thread.start = noting_start  # type: ignore[method-assign]
    torch.set_num_threads = without_effect  # type: ignore[assignment]
    try:
        yield
    finally:
        if threading.Thread.start is noting_start:
            threading.Thread.start = start  # type: ignore[method-assign]
        if torch.set_num_threads is without_effect:
            torch.set_num_threads = set_num_threads
        torch.set_num_threads(1)
    if left := _left_over(before):
        raise ThreadsLeftError(_complaint(left, started))


def _left_over(before: set[threading.Thread]) -> list[threading.Thread]:
    """Return the threads that run on after a moment's patience."""
    deadline = time.monotonic() + END_S
    while True:
        left = [
            thread
            for thread in threading.enumerate()
            if thread not in before and type(thread).__module__ not in _HARMLESS
        ]
        if not left or time.monotonic() > deadline:
            return left
        left[0].join(timeout=0.05)


def _complaint(left: list[threading.Thread], started: dict[threading.Thread, str]) -> str:
    names = ", ".join(f"'{thread.name}'{started.get(thread, '')}" for thread in left[:3]) + (
        f" and {len(left) - 3} more" if len(left) > 3 else ""
    )
    return (
        f"set-up left threads running: {names}; every query runs in a fork, where they do not "
        "exist: end them in pre_process (join, shutdown, a with statement) or start them in query"
    )


def _own_line(submission: Path) -> str:
    """Return where in the submission the current call comes from, in brackets; "" if nowhere."""
    for frame in reversed(traceback.extract_stack()):
        path = Path(frame.filename)
        if path.is_relative_to(submission):
            return f" (started in {path.relative_to(submission)}, line {frame.lineno})"
    return ""

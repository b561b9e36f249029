"""What the kernel is asked of the worker's process and of those below it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

import psutil

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def end_with_parent() -> None:
    """Make the kernel kill this process when the one that started it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def offer_to_go_first() -> None:
    """Ask the kernel to kill this process before others if memory runs out, where permitted."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def become_reaper() -> None:
    """Make this process adopt orphans, so that none escapes ``kill_descendants``."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_descendants() -> None:
    """Kill whatever a query left running, so that it cannot reach a later query."""
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        if os.getpid() == 1:
            os.kill(-1, signal.SIGKILL)  # everything else in the container, all at once
        else:
            for member in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
        time.sleep(0.001)

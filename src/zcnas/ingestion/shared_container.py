"""What a recorder can do for itself where it shares a container and a user with the submission.

A platform's container has no limits and nobody outside it who watches: so the output folder is
emptied first and cleared of foreign files at the end, memory and descriptors are closed to other
processes, and whatever a submission leaves running is killed.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

_PR_SET_DUMPABLE = 4


def forbid_inspection() -> None:
    """Keep other processes of this user from this one's memory and descriptors."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def process_start() -> float:
    """Return ``time.monotonic()`` at which this process started, before its imports."""
    return time.monotonic() - (time.time() - psutil.Process().create_time())


def idlest_cpu() -> int:
    """Return the CPU this process may use that was used least for a moment.

    A platform's worker runs several submissions at once, and nothing tells their containers apart.
    """
    loads = psutil.cpu_percent(interval=0.2, percpu=True)
    usable = sorted(os.sched_getaffinity(0))
    return min(usable, key=lambda cpu: loads[cpu] if cpu < len(loads) else 0.0)


def end_all_other_processes() -> None:
    """Kill whatever a submission has left running, if this process is the container's first."""
    if os.getpid() == 1:
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            return
        time.sleep(0.01)


def empty(folder: Path) -> None:
    """Make a folder, and remove what another program has left in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        remove(path)


def keep_only(folder: Path, own: Iterable[Path]) -> None:
    """Remove everything from a folder except some files.

    A file called ``metadata`` there would make the platform abandon the whole run.
    """
    for path in set(folder.iterdir()) - set(own):
        remove(path)


def remove(path: Path) -> None:
    """Remove whatever is at a path, if anything."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

"""Who started a container: a mark that tells whether that process is still alive.

A process that is killed leaves its containers behind. The next run on the same machine finds them
by their mark and removes them; it never touches those of a living run.
"""

from __future__ import annotations

from pathlib import Path

import psutil


def owner_mark(pid: int | None = None) -> str:
    """Return the mark of a process, by default of this one.

    It names the boot of the machine, the namespace of process numbers, the process number, and the
    moment the process started: together they never come again.
    """
    process = psutil.Process(pid)
    return f"{_machine()}/{process.pid}/{process.create_time():.2f}"


def owner_is_gone(mark: str) -> bool:
    """Return whether the process of a mark has ended.

    False where that cannot be told: the mark is of another machine, or of a container on this one.
    """
    machine, _, process = mark.rpartition("/")[0].rpartition("/")
    if machine != _machine() or not process.isdecimal():
        return False
    try:
        return owner_mark(int(process)) != mark
    except psutil.NoSuchProcess:
        return True


def _machine() -> str:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"

"""A watch over a worker's processes from outside, where no control group bounds their memory.

Every limit the kernel offers a plain user counts for one process; four processes may then hold four
times the memory, and shared memory is not counted at all. So a thread looks at all of them many
times a second and kills the largest one when they hold too much together.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil

PERIOD_S = 0.02
"""Between two looks: what a process can take meanwhile is beyond the limit."""
_PAGE = mmap.PAGESIZE


class MemoryWatch:
    """Kills the largest process of a tree while all of it together holds too much.

    Args:
        root: The process at its top, which is spared while there is another.
        limit: Bytes that all may hold together.
        proc: Where the kernel shows processes.

    Attributes:
        kills: How many processes it has killed.
    """

    def __init__(self, root: int, limit: int, proc: Path = Path("/proc")) -> None:
        self._root = root
        self._limit = limit
        self._proc = proc
        self.kills = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End the watch."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Kill the largest process but the first if all together hold more than they may."""
        resident = {pid: self._resident(pid) for pid in self.members()}
        if sum(resident.values()) <= self._limit:
            return
        held = {pid: self._proportional(pid, most) for pid, most in resident.items()}
        if sum(held.values()) <= self._limit:
            return
        others = {pid: size for pid, size in held.items() if pid != self._root}
        largest = max(others or held, key=lambda pid: held[pid])
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(largest, signal.SIGKILL)
            self.kills += 1

    def members(self) -> Iterator[int]:
        """Yield the numbers of all processes of the tree."""
        waiting = [self._root]
        while waiting:
            pid = waiting.pop()
            yield pid
            waiting += self._children(pid)

    def _run(self) -> None:
        while not self._ended.wait(PERIOD_S):
            self.look()

    def _children(self, pid: int) -> list[int]:
        try:
            found = (self._proc / str(pid) / "task").glob("*/children")
            return [int(child) for file in found for child in file.read_text().split()]
        except OSError:
            return []

    def _resident(self, pid: int) -> int:
        """Return the bytes a process has in memory, those it shares with others included."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int((self._proc / str(pid) / "statm").read_text().split()[1]) * _PAGE
        return 0

    def _proportional(self, pid: int, otherwise: int) -> int:
        """Return the bytes a process has in memory, each page divided among those that share it.

        The kernel walks all pages for it, so it is asked only when the simple sum is too large.
        """
        with contextlib.suppress(OSError, ValueError, IndexError):
            for line in (self._proc / str(pid) / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    return int(line.split()[1]) << 10
        return otherwise if psutil.pid_exists(pid) else 0

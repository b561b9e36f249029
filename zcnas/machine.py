"""This machine: its CPUs, each leased to one job at a time, and who may use it beside whom."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from zcnas.errors import OrganiserError


class Machine:
    """The CPUs of this machine and the jobs on them.

    A job leases a CPU and holds the machine ``shared`` during each query. ``alone`` waits until no
    query of another job is under way and holds the others back: a query that timed out without
    computing is repeated so.

    Args:
        cpus: The CPUs to lease.

    Attributes:
        interrupted: Set when the run is to end early.
    """

    def __init__(self, cpus: Sequence[int] = ()) -> None:
        self.interrupted = threading.Event()
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for cpu in cpus:
            self._free.put(cpu)
        self._gate = threading.Condition()
        self._busy = 0
        self._alone = False

    @contextlib.contextmanager
    def lease(self) -> Iterator[int]:
        """Wait for a free CPU and hold it."""
        cpu = self._free.get()
        try:
            yield cpu
        finally:
            self._free.put(cpu)

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Hold the machine for one query, beside others."""
        with self._gate:
            self._gate.wait_for(lambda: not self._alone)
            self._busy += 1
        try:
            yield
        finally:
            with self._gate:
                self._busy -= 1
                self._gate.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the machine for one query with no other beside it."""
        with self._gate:
            self._gate.wait_for(lambda: not self._alone)
            self._alone = True
            self._gate.wait_for(lambda: self._busy == 0)
        try:
            yield
        finally:
            with self._gate:
                self._alone = False
                self._gate.notify_all()


def parse_cpus(text: str) -> list[int]:
    """Return the CPUs that ``0,1`` or ``0-3,6`` names; empty for all this process may use.

    Raises:
        OrganiserError: The text is malformed, or names a CPU this process may not use.
    """
    usable = sorted(os.sched_getaffinity(0))
    if not text.strip():
        return usable
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", text):
        raise OrganiserError(f"CPUS={text} is malformed; write for example CPUS=0,1 or CPUS=0-3")
    cpus: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        cpus += range(int(first), int(last or first) + 1)
    if unknown := sorted(set(cpus) - set(usable)):
        raise OrganiserError(
            f"CPUS={text} names {unknown}, which this process may not use; usable are {usable}"
        )
    return sorted(set(cpus))


def cpu_model() -> str:
    """Return the name of this machine's processor as the kernel gives it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return "unknown"

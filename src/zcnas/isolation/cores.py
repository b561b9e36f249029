"""Physical cores: which of the machine's CPUs are threads of one core.

Two busy threads of a core share its units, so that a CPU second of either does less work; what a
submission is measured to use then depends on its neighbour. So by default one worker runs per core
and the core's other threads stay idle.

Reference: kernel documentation, ``admin-guide/cputopology``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

CPUS = Path("/sys/devices/system/cpu")


def core_of(cpu: int, root: Path = CPUS) -> frozenset[int]:
    """Return the CPUs of a CPU's core; itself alone where the kernel does not tell."""
    found: set[int] = set()
    with contextlib.suppress(OSError, ValueError):
        text = (root / f"cpu{cpu}" / "topology" / "thread_siblings_list").read_text().strip()
        for part in text.split(","):
            first, _, last = part.partition("-")
            found.update(range(int(first), int(last or first) + 1))
    return frozenset(found) | {cpu}


def one_per_core(cpus: Sequence[int], root: Path = CPUS) -> list[int]:
    """Return the first of each core's CPUs, so that no two share a core."""
    chosen: list[int] = []
    for cpu in sorted(cpus):
        if core_of(cpu, root).isdisjoint(chosen):
            chosen.append(cpu)
    return chosen


def shared_cores(cpus: Sequence[int], root: Path = CPUS) -> bool:
    """Return whether two of the CPUs are of one core."""
    return len(one_per_core(cpus, root)) < len(set(cpus))

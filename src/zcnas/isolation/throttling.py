"""How often heat has slowed down a CPU, as the kernel counts it.

Reference: kernel documentation, ``arch/x86``, ``thermal_throttle``.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from zcnas.isolation.cores import CPUS


def throttle_count(cpu: int, root: Path = CPUS) -> int | None:
    """Return how often a CPU's core and package were throttled since the machine started.

    None where the kernel shows no counts, as in a virtual machine.
    """
    counts: list[int] = []
    for file in (root / f"cpu{cpu}" / "thermal_throttle").glob("*_throttle_count"):
        with contextlib.suppress(OSError, ValueError):
            counts.append(int(file.read_text()))
    return sum(counts) if counts else None

"""What a manifest keeps of the CPUs that its times were measured on."""

from __future__ import annotations

import msgspec

REFERENCE_PIECE_S = 0.0041
"""CPU seconds that the piece of ``worker/calibration.py`` takes where a CPU second is one of
reference. Measured on both CPUs of a virtual machine with the processor of docs/costs.md, at load
1: the median of 16 processes, which took 3.2 to 5.0 ms."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """How long a fixed piece of torch work took on a CPU.

    Attributes:
        at: When, in UTC.
        cpu: The number of the CPU.
        piece_s: The median CPU seconds of several repetitions.
    """

    at: str
    cpu: int
    piece_s: float

    @property
    def factor(self) -> float:
        """How many CPU seconds of this CPU a reference second is; above 1 for a slow one."""
        return self.piece_s / REFERENCE_PIECE_S


class Throttling(msgspec.Struct, frozen=True, kw_only=True):
    """How often heat had slowed a CPU down since its machine started.

    Attributes:
        cpu: The number of the CPU.
        before: Before the run.
        after: After it.
    """

    cpu: int
    before: int
    after: int


def joined_throttling(
    one: tuple[Throttling, ...], other: tuple[Throttling, ...]
) -> tuple[Throttling, ...]:
    """Return the counts of two jobs: of each CPU those before the first and after the last."""
    joined: dict[int, Throttling] = {}
    for each in (*one, *other):
        known = joined.get(each.cpu, each)
        joined[each.cpu] = Throttling(
            cpu=each.cpu,
            before=min(known.before, each.before),
            after=max(known.after, each.after),
        )
    return tuple(joined[cpu] for cpu in sorted(joined))

"""A call of a submission, as values: what it may use, and what it used as seen from outside."""

from __future__ import annotations

from dataclasses import dataclass

from zcnas.words.records import Status
from zcnas.worker.channel import Answer


@dataclass(frozen=True)
class Allowance:
    """What one call may use.

    Attributes:
        cpu_s: CPU seconds.
        wall_s: Wall seconds.
    """

    cpu_s: int
    wall_s: int


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, as measured from outside.

    Attributes:
        answer: The worker's, or the one it would have owed.
        status: What it amounts to, given what was seen from outside.
        message: Why it failed; "" if it did not.
        wall_time_s: Wall seconds.
        cpu_time_s: CPU seconds.
        peak_memory_mb: The largest memory the worker claims, in MiB.
    """

    answer: Answer
    status: Status
    message: str
    wall_time_s: float
    cpu_time_s: float
    peak_memory_mb: float

"""What a kind of work has to say for itself, and the job its units are sent out in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from zcnas.isolation.machine import Interruption

Report = Callable[[bytes], None]
"""Takes what a host says while a job runs: bytes that the job's work can decode."""

Runner = Callable[[Any, Report, Interruption], None]
"""Runs a job: is given its payload, reports what is done, and ends early if it is told to.

It returns when every unit is reported and raises ``OrganiserError`` if this machine is at fault.
For a cluster it is a function of a module that every host has installed: it travels by its name.
"""


@dataclass(frozen=True)
class Job:
    """Some units of a work, as they are sent to a host.

    Attributes:
        number: Which job of its run this is.
        payload: What the runner is given: a value that can be pickled and holds no secret.
    """

    number: int
    payload: Any


class Work(Protocol):
    """Units that are to be done once each, and the records of those that are."""

    @property
    def labels(self) -> Mapping[str, str]:
        """What it is called, by kind of name; written with each of its events.

        Together they tell it from every other work of a run.
        """
        ...

    @property
    def units(self) -> Sequence[str]:
        """All its units, in the order they are to be asked for."""
        ...

    def is_done(self, unit: str) -> bool:
        """Return whether a unit is recorded, by this run or by an earlier one."""
        ...

    def payload(self, units: Sequence[str]) -> Any:
        """Return what a runner needs for some units; called when their job is about to start."""
        ...

    def record(self, job: Job, report: bytes) -> None:
        """Decode a report on a job, check it, and record the units it brings.

        Called from several threads. The report comes from outside and may be anything; a unit that
        is done already is not recorded twice.

        Raises:
            OrganiserError: The report is malformed or of another job, or the disk is full.
        """
        ...

    def finish(self, faults: Sequence[str]) -> None:
        """Take note that no job of this work is left.

        Args:
            faults: Why our machines could not do the units that are missing; empty if none is.
        """
        ...

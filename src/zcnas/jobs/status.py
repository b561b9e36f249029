"""What is under way and what failed last, by the event log of a run."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from zcnas.jobs.events import Event

_E = TypeVar("_E", bound=Event)
_K = TypeVar("_K", bound=Hashable)


@dataclass
class JobStatus:
    """What the event log says of the jobs of one work.

    Attributes:
        running: How many are under way.
        failure: What the last one failed with; "" if it did not.
        waiting: What the last one that is under way waits for; "" for nothing.
    """

    running: int = 0
    failure: str = ""
    waiting: str = ""


def job_statuses(events: Iterable[_E], work_of: Callable[[_E], _K]) -> dict[_K, JobStatus]:
    """Return the status of every work whose jobs the last run has started.

    Args:
        events: The whole log.
        work_of: Returns what tells the works of a run apart, by one of a job's events.
    """
    statuses: dict[_K, JobStatus] = {}
    for event in events:
        if event.event == "run_started":
            statuses.clear()
        if not event.event.startswith("job_"):
            continue
        status = statuses.setdefault(work_of(event), JobStatus())
        if event.event == "job_started":
            status.running += 1
        elif event.event == "job_waiting":
            status.waiting = event.message
        else:
            status.running = max(0, status.running - 1)
            failed = event.event == "job_failed"
            status.failure = f"attempt {event.attempt}: {event.message}" if failed else ""
    return statuses

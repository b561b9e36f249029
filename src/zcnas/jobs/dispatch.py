"""The loop that keeps a pool busy: jobs go out, reports come back, faults are tried again."""

from __future__ import annotations

import functools
import heapq
import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

from zcnas.errors import OrganiserError
from zcnas.jobs.events import EventLog
from zcnas.jobs.pools import JobPool, decode_end
from zcnas.jobs.work import Job, Work

RETRIES = 2
"""How often a job is run again after a fault of our machines."""
BACK_OFF_S = 5.0
"""Seconds before the first repetition; doubled before the next.

A Docker engine or a scheduler that is started again by its supervisor is back by then.
"""
POLL_S = 0.5


@dataclass
class _OpenWork:
    """A work some of whose jobs are left, and why others could not be done."""

    work: Work
    jobs: int
    faults: list[str] = field(default_factory=list)


@dataclass
class _Ticket:
    """Some units of a work that are to be done in one job, and how often that has failed.

    Attributes:
        open: The work they are of.
        units: Their keys.
        faults: How many jobs with them have failed.
        unrecorded: Reports that could not be recorded when they came.
    """

    open: _OpenWork
    units: tuple[str, ...]
    faults: int = 0
    unrecorded: list[bytes] = field(default_factory=list)

    def missing(self) -> tuple[str, ...]:
        return tuple(unit for unit in self.units if not self.open.work.is_done(unit))


class Dispatcher:
    """Does all units of some works that are not done yet.

    A fault of our machines is tried again after a pause, at most ``RETRIES`` times, and stops no
    other job. Only as many jobs are out as keep the pool busy, and works are taken one by one, so a
    run of any length takes the same memory.

    Args:
        pool: Runs jobs.
        events: Told what happens.
        job_units: How many units one job has at most; None for all that a work is missing.
    """

    def __init__(self, pool: JobPool, events: EventLog, job_units: int | None = None) -> None:
        self._pool = pool
        self._events = events
        self._job_units = job_units
        self._numbers = itertools.count()
        self._out: dict[Future[bytes], tuple[_Ticket, Job]] = {}
        self._later: list[tuple[float, int, _Ticket]] = []
        self._added: deque[Work] = deque()
        self._tickets: deque[_Ticket] = deque()
        self._failure: BaseException | None = None

    def add(self, work: Work) -> None:
        """Have a work done as well, before those not begun; for a work that calls for another.

        Called while ``run`` runs, by a work that is told that it is finished.
        """
        self._added.append(work)

    def run(self, works: Iterable[Work]) -> None:
        """Run what is missing of all works; return when nothing is left to do."""
        coming = iter(works)
        while True:
            while len(self._out) < self._window() and (ticket := self._next(coming)):
                if (job := self._job_of(ticket)) is not None:
                    report = functools.partial(self._record, ticket, job)
                    self._out[self._pool.submit(job, report)] = ticket, job
            if not self._out and not self._later:
                return
            if self._failure is not None:
                raise self._failure
            if not self._out:
                time.sleep(min(POLL_S, max(0.0, self._later[0][0] - time.monotonic())))
                continue
            done, _ = wait(self._out, timeout=POLL_S, return_when=FIRST_COMPLETED)
            for future in done:
                self._collect(*self._out.pop(future), future)

    def _window(self) -> int:
        """Return how many jobs to have out: those that run, and some that follow at once."""
        return self._pool.slots + max(1, self._pool.slots // 4)

    def _next(self, coming: Iterator[Work]) -> _Ticket | None:
        """Return what is to be done next; None if no work is left to begin."""
        if self._later and self._later[0][0] <= time.monotonic():
            return heapq.heappop(self._later)[2]
        while not self._tickets:
            work = self._added.popleft() if self._added else next(coming, None)
            if work is None:
                return None
            self._begin(work)
        return self._tickets.popleft()

    def _begin(self, work: Work) -> None:
        """Line up what is missing of a work."""
        missing = tuple(unit for unit in work.units if not work.is_done(unit))
        step = self._job_units or max(1, len(missing))
        shares = [missing[start : start + step] for start in range(0, len(missing), step)]
        if not shares:
            work.finish(())
        opened = _OpenWork(work, len(shares))
        self._tickets.extend(_Ticket(opened, share) for share in shares)

    def _job_of(self, ticket: _Ticket) -> Job | None:
        """Return the job for what is missing of a ticket; None if nothing is."""
        units = ticket.missing()
        if not units:  # the reports of a job that failed at its very end had brought all
            self._close(ticket)
            return None
        work = ticket.open.work
        self._events.add("job_started", **work.labels, units=len(units), attempt=ticket.faults + 1)
        return Job(next(self._numbers), work.payload(units))

    def _record(self, ticket: _Ticket, job: Job, report: bytes) -> None:
        """Record what a host says while a job runs; called from other threads.

        What the disk does not take now is tried once more when the job has ended.
        """
        try:
            ticket.open.work.record(job, report)
        except OrganiserError:
            ticket.unrecorded.append(report)
            raise
        except BaseException as error:
            self._failure = error
            raise

    def _collect(self, ticket: _Ticket, job: Job, future: Future[bytes]) -> None:
        """Close a ticket whose job has ended, or try it again later."""
        host, fault = _end_of(ticket, job, future)
        labels = ticket.open.work.labels
        if not fault:
            self._events.add("job_finished", **labels, host=host)
            self._close(ticket)
            return
        ticket.faults += 1
        self._events.add("job_failed", **labels, attempt=ticket.faults, host=host, message=fault)
        if ticket.faults <= RETRIES:
            due = time.monotonic() + BACK_OFF_S * 2 ** (ticket.faults - 1)
            heapq.heappush(self._later, (due, next(self._numbers), ticket))
        else:
            ticket.open.faults.append(fault)
            self._close(ticket)

    def _close(self, ticket: _Ticket) -> None:
        opened = ticket.open
        opened.jobs -= 1
        if opened.jobs == 0:
            opened.work.finish(opened.faults)


def _end_of(ticket: _Ticket, job: Job, future: Future[bytes]) -> tuple[str, str]:
    """Record the rest of a job's reports; return its host, and why it failed or ""."""
    host, fault = "", _fault_of(future)
    rest, ticket.unrecorded = ticket.unrecorded, []
    if not fault:
        try:
            end = decode_end(future.result(), job)
        except OrganiserError as error:
            fault = str(error)
        else:
            host, fault = end.host, end.fault
            rest.extend(end.reports)
    for report in rest:
        try:
            ticket.open.work.record(job, report)
        except OrganiserError as error:
            fault = fault or str(error)
    if not fault and (left_out := len(ticket.missing())):
        fault = (
            f"host {host!r} returned nothing for {left_out} of {len(ticket.units)} units; check "
            "that host, then repeat the command to resume"
        )
    return host, fault


def _fault_of(future: Future[bytes]) -> str:
    """Return why a job has no result; "" if it has one.

    Anything other than an ``Exception``, an interrupt for instance, ends the run.
    """
    if future.cancelled():
        return "the job was lost with the machine it ran on"
    error = future.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    return "" if error is None else str(error) or repr(error)

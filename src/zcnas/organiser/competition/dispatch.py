"""The loop that keeps an engine busy: jobs go out, results come back, faults are tried again."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

from zcnas.errors import OrganiserError
from zcnas.organiser.competition.engines import Engine
from zcnas.organiser.competition.events import EventLog
from zcnas.organiser.competition.job import Job, decode_report, decode_result
from zcnas.organiser.competition.parts import Part
from zcnas.records import Architecture, Prediction

RETRIES = 2
"""How often a job is run again after a fault of our machines."""
BACK_OFF_S = 5.0
"""Seconds before the first repetition; doubled before the next.

An engine that is started again by its supervisor is back by then.
"""
POLL_S = 0.5

Progress = Callable[[str, str, Prediction | None], None]
"""Called with (submission, benchmark, prediction).

The prediction is None when a benchmark begins.
"""


@dataclass
class Ticket:
    """Some architectures of a part that are to be run, and how often that has failed."""

    part: Part
    architectures: tuple[Architecture, ...]
    faults: int = 0
    job: Job | None = None
    failure_to_record: list[OrganiserError] = field(default_factory=list)


class Dispatcher:
    """Runs tickets through an engine.

    A fault of our machines is tried again after a pause, at most ``RETRIES`` times, and stops no
    other ticket. Only as many jobs are out as keep the engine busy, so a run of any length takes
    the same memory.

    Args:
        engine: Runs jobs.
        make_job: Makes the job of (number, part, architectures).
        on_part: Told of every part when none of its tickets is left.
        events: Told what happens.
        progress: Told of every prediction, from several threads.
    """

    def __init__(
        self,
        engine: Engine,
        make_job: Callable[[int, Part, tuple[Architecture, ...]], Job],
        on_part: Callable[[Part], None],
        events: EventLog,
        progress: Progress,
    ) -> None:
        self._engine = engine
        self._make_job = make_job
        self._on_part = on_part
        self._events = events
        self._progress = progress
        self._numbers = itertools.count()
        self._out: dict[Future[bytes], Ticket] = {}
        self._later: list[tuple[float, int, Ticket]] = []
        self._failure: BaseException | None = None

    def run(self, tickets: Iterator[Ticket]) -> None:
        """Run all tickets; return when nothing is left to do."""
        while True:
            while len(self._out) < self._window() and (ticket := self._next(tickets)):
                self._submit(ticket)
            if not self._out and not self._later:
                return
            if self._failure is not None:
                raise self._failure
            if not self._out:
                time.sleep(min(POLL_S, max(0.0, self._later[0][0] - time.monotonic())))
                continue
            done, _ = wait(self._out, timeout=POLL_S, return_when=FIRST_COMPLETED)
            for future in done:
                self._collect(self._out.pop(future), future)

    def _window(self) -> int:
        """Return how many jobs to have out: those that run, and some that follow at once."""
        return self._engine.slots + max(1, self._engine.slots // 4)

    def _next(self, tickets: Iterator[Ticket]) -> Ticket | None:
        if self._later and self._later[0][0] <= time.monotonic():
            return heapq.heappop(self._later)[2]
        return next(tickets, None)

    def _submit(self, ticket: Ticket) -> None:
        part = ticket.part
        architectures = part.missing(ticket.architectures)
        if not architectures:  # the reports of a job that failed at its very end had brought all
            self._close(part)
            return
        number = next(self._numbers)
        job = ticket.job = self._make_job(number, part, architectures)
        ticket.failure_to_record.clear()
        name, key = part.submission.name, part.data.benchmark
        self._progress(name, key, None)
        self._events.add(
            "job_started", name, key, architectures=len(architectures), attempt=ticket.faults + 1
        )
        future = self._engine.submit(job, lambda content: self._report(ticket, job, content))
        self._out[future] = ticket

    def _report(self, ticket: Ticket, job: Job, content: bytes) -> None:
        """Record what a host says while a job runs; called from other threads."""
        part = ticket.part
        try:
            report = decode_report(content, job)
            new = part.record(report)
        except OrganiserError as error:
            ticket.failure_to_record.append(error)
            raise
        if new:
            self._tell(part, report.prediction)

    def _tell(self, part: Part, prediction: Prediction) -> None:
        try:
            self._progress(part.submission.name, part.data.benchmark, prediction)
        except BaseException as error:
            self._failure = error
            raise

    def _collect(self, ticket: Ticket, future: Future[bytes]) -> None:
        """Record a job's result, or try it again later."""
        part, job = ticket.part, ticket.job
        assert job is not None
        ticket.job = None
        name, key = part.submission.name, part.data.benchmark
        host, fault = "", _fault_of(future)
        if not fault:
            try:
                result = decode_result(future.result(), job)
                host, fault = result.host, result.fault
                for prediction in part.record_result(result):
                    self._tell(part, prediction)
            except OrganiserError as error:
                fault = str(error)
        if not fault and ticket.failure_to_record:
            fault = str(ticket.failure_to_record[0])
        if not fault:
            self._events.add("job_finished", name, key, host=host)
            self._close(part)
            return
        ticket.faults += 1
        self._events.add("job_failed", name, key, attempt=ticket.faults, host=host, message=fault)
        if ticket.faults <= RETRIES:
            due = time.monotonic() + BACK_OFF_S * 2 ** (ticket.faults - 1)
            heapq.heappush(self._later, (due, next(self._numbers), ticket))
        else:
            part.submission.faults.append(f"{key}: {fault}")
            self._close(part)

    def _close(self, part: Part) -> None:
        part.open_jobs -= 1
        if part.open_jobs == 0:
            self._on_part(part)


def _fault_of(future: Future[bytes]) -> str:
    """Return why a job has no result; "" if it has one.

    What is no error, an interrupt for instance, ends the run.
    """
    if future.cancelled():
        return "the job was lost with the machine it ran on"
    error = future.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    return "" if error is None else str(error) or repr(error)

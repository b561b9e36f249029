"""Work of which every unit leaves one record in a file of lines, and the run that does it.

    RecordedWork ──▶ run_works ──▶ a Runner, perhaps ``in_own_process`` ──▶ FOLDER/….jsonl

What scores, searches and trainings have in common. A kind of work says what its records are and
what a job needs beside the units; repeating a run does what has no record yet.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from filelock import FileLock, Timeout

from zcnas.errors import OrganiserError, ResultsError
from zcnas.isolation.machine import Interruption
from zcnas.jobs.dispatch import Dispatcher
from zcnas.jobs.events import EVENTS, EventLog
from zcnas.jobs.lines import LinesFile, read_lines
from zcnas.jobs.pools import JobPool, working
from zcnas.jobs.work import Job, Report

LOCK = ".lock"
_POLL_S = 0.2

_R = TypeVar("_R")


class Payload(NamedTuple):
    """What a runner of recorded work is given.

    Attributes:
        terms: What all units of the work have in common.
        units: The units of the job.
    """

    terms: Any
    units: tuple[str, ...]


class RecordedWork(Generic[_R]):
    """Units with one record each.

    Args:
        path: The file of the records.
        kind: What a record is.
        key: Returns the unit that a record is of.
        units: All units, in the order they are done.
        labels: What the work is called, for its events.
        terms: What a job needs beside its units.
        progress: Told of each new record.
    """

    def __init__(
        self,
        path: Path,
        kind: type[_R],
        key: Callable[[_R], str],
        units: Sequence[str],
        labels: Mapping[str, str],
        terms: Any,
        progress: Callable[[_R], None] | None = None,
    ) -> None:
        self._kind, self._key = kind, key
        self._units, self._labels, self._terms = tuple(units), labels, terms
        self._progress = progress
        self._file: LinesFile[_R] = LinesFile(path, key, lambda file: read_lines(file, kind))
        self._file.take_earlier()
        self.faults: tuple[str, ...] = ()

    @property
    def labels(self) -> Mapping[str, str]:
        """What the work is called."""
        return self._labels

    @property
    def units(self) -> Sequence[str]:
        """All units."""
        return self._units

    def is_done(self, unit: str) -> bool:
        """Return whether a unit has a record."""
        return unit in self._file

    def payload(self, units: Sequence[str]) -> Payload:
        """Return what a job of some units is given."""
        return Payload(self._terms, tuple(units))

    def record(self, job: Job, report: bytes) -> None:
        """Append a record.

        Raises:
            OrganiserError: It is malformed or of another job, or the disk is full.
        """
        try:
            record = msgspec.json.decode(report, type=self._kind)
        except msgspec.MsgspecError as error:
            what = self._kind.__name__
            raise OrganiserError(f"job {job.number} reported no {what}: {error}") from None
        if (unit := self._key(record)) not in job.payload.units:
            raise OrganiserError(f"job {job.number} reported {unit}, not of its own")
        if self._file.append(record) and self._progress is not None:
            self._progress(record)

    def finish(self, faults: Sequence[str]) -> None:
        """Close the file and keep why records are missing."""
        self._file.close()
        self.faults = tuple(faults)


def run_works(
    works: Sequence[RecordedWork[Any]], folder: Path, pool: JobPool, job_units: int
) -> None:
    """Do what is missing of all works; interrupt and repeat freely. The caller holds the folder.

    Raises:
        OrganiserError: Some units could not be done; the others are recorded.
    """
    events = EventLog(folder / EVENTS)
    with working(pool, events) as opened:
        Dispatcher(opened, events, job_units).run(works)
    faults = [fault for work in works for fault in work.faults]
    if faults:
        raise OrganiserError(
            f"{len(faults)} jobs failed: {faults[0]}; what is done is recorded: repeat the command "
            "to resume"
        )


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a folder, made if it is missing, against other runs, which would do the same again.

    Raises:
        ResultsError: Another run holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / LOCK, blocking=False, thread_local=False):
            yield
    except Timeout:
        raise ResultsError(
            f"another run is writing to {folder}; wait for it, stop it, or name another folder"
        ) from None


def in_own_process(
    target: Callable[[Any, tuple[str, ...], Connection], None],
    payload: Payload,
    report: Report,
    interrupted: Interruption,
) -> None:
    """Run a job in a new process, which sends a record per unit; report each as it comes.

    Args:
        target: Run there with terms, units and what to send records through.
        payload: What the job is given.
        report: Takes the records.
        interrupted: Ends the process when it is set.

    Raises:
        OrganiserError: The process ended early.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=target, args=(*payload, sender), daemon=True)
    process.start()
    sender.close()
    try:
        while not interrupted.is_set():
            if receiver.poll(_POLL_S):
                report(receiver.recv_bytes())
    except EOFError:
        process.join()
    finally:
        if process.is_alive():
            process.terminate()
            process.join()
    if process.exitcode and not interrupted.is_set():
        raise OrganiserError(
            f"the process of {payload.units[0]} and those after it ended with exit code "
            f"{process.exitcode}; its message is above"
        )

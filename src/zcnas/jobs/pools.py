"""What runs jobs: the seam between the dispatcher and a pool of this machine or a cluster."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Protocol

import msgspec

from zcnas.errors import OrganiserError
from zcnas.isolation.machine import Interruption
from zcnas.jobs.events import EventLog
from zcnas.jobs.work import Job, Report, Runner

MAX_END_BYTES = 256 << 20
STOP_S = 1.5
"""How long an interrupted run waits for its jobs to end; what they wait for is looked at often."""


class JobEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What a host says at the end of a job.

    Attributes:
        job: The job's number.
        host: The host's name.
        fault: Why this machine could not finish the job; "" if it did.
        reports: Reports that have not been sent yet.
    """

    job: int
    host: str
    fault: str = ""
    reports: tuple[bytes, ...] = ()


class JobPool(Protocol):
    """Runs jobs through ``concurrent.futures``."""

    @property
    def slots(self) -> int:
        """How many jobs can run at once."""
        ...

    def submit(self, job: Job, report: Report) -> Future[bytes]:
        """Queue a job.

        The future gives its encoded ``JobEnd``, or raises what kept the job from one. Reports come
        from other threads, all before the future is done.
        """
        ...

    def stop(self) -> None:
        """End every job within seconds, leave nothing running, and wait for that."""
        ...

    def close(self) -> None:
        """Give everything back after the last job."""
        ...


class LocalPool:
    """Threads of this process, for runners that wait for a process of their own.

    Args:
        runner: Runs a job.
        slots: How many at once.
    """

    def __init__(self, runner: Runner, slots: int) -> None:
        self._runner = runner
        self._slots = slots
        self._interrupted = threading.Event()
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="job")
        self._out: set[Future[bytes]] = set()

    @property
    def slots(self) -> int:
        """How many jobs can run at once."""
        return self._slots

    def submit(self, job: Job, report: Report) -> Future[bytes]:
        """Queue a job."""
        future = self._threads.submit(run_job, self._runner, job, report, self._interrupted)
        self._out.add(future)
        future.add_done_callback(self._out.discard)
        return future

    def stop(self) -> None:
        """End every job and wait for that; not for one that hangs, as on an engine that does."""
        self._interrupted.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        wait(set(self._out), timeout=STOP_S)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()


@contextlib.contextmanager
def working(pool: JobPool, events: EventLog) -> Iterator[JobPool]:
    """Give a pool back when its run is over, and stop it when the run is interrupted."""
    try:
        yield pool
    except BaseException as error:
        pool.stop()
        events.add("interrupted", message=str(error) or type(error).__name__)
        raise
    pool.close()


def run_job(runner: Runner, job: Job, report: Report, interrupted: Interruption) -> bytes:
    """Run a job on this machine and return its encoded ``JobEnd``, which names a fault, if any.

    Args:
        runner: Runs it.
        job: The job.
        report: Called with every report while it runs.
        interrupted: Set when it is to end early.
    """
    fault = ""
    try:
        runner(job.payload, report, interrupted)
    except (OrganiserError, OSError) as error:
        fault = str(error) or repr(error)
    return msgspec.json.encode(JobEnd(job=job.number, host=socket.gethostname(), fault=fault))


def decode_end(content: object, job: Job) -> JobEnd:
    """Return what a host says at the end of a job.

    Raises:
        OrganiserError: It is malformed, or belongs to another job.
    """
    if not isinstance(content, bytes) or len(content) > MAX_END_BYTES:
        raise OrganiserError(
            f"a host answered job {job.number} with {type(content).__name__} instead of at most "
            f"{MAX_END_BYTES} bytes; install the same version on every host"
        )
    try:
        end = msgspec.json.decode(content, type=JobEnd)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise OrganiserError(
            f"a host's answer to job {job.number} is malformed: {error}; install the same version "
            "on every host"
        ) from None
    if end.job != job.number:
        raise OrganiserError(f"a host answered job {end.job} when it was given {job.number}")
    return end

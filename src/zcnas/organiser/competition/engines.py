"""What runs jobs: the seam between the organiser's loop and a pool of this machine or a cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from zcnas.isolation.strays import remove_own, remove_strays
from zcnas.organiser.competition.host import Host
from zcnas.organiser.competition.job import Job

OnReport = Callable[[bytes], None]


class Engine(Protocol):
    """Runs jobs through ``concurrent.futures``."""

    @property
    def slots(self) -> int:
        """How many jobs can run at once."""
        ...

    def submit(self, job: Job, on_report: OnReport) -> Future[bytes]:
        """Queue a job.

        The future gives its encoded ``JobResult``, or raises what kept the job from one. Reports
        come from other threads, and may stop before the job does.
        """
        ...

    def stop(self) -> None:
        """End every job within seconds, leave no worker behind, and wait for that."""
        ...

    def close(self) -> None:
        """Give everything back after the last job."""
        ...


class LocalEngine:
    """A thread per CPU of this machine: a job waits for its worker and computes nothing itself."""

    def __init__(self, host: Host, cpus: int, interrupted: threading.Event) -> None:
        self._host = host
        self._interrupted = interrupted
        self._cpus = cpus
        remove_strays(host.isolation)
        self._pool = ThreadPoolExecutor(cpus, thread_name_prefix="job")

    @property
    def slots(self) -> int:
        """How many jobs can run at once."""
        return self._cpus

    def submit(self, job: Job, on_report: OnReport) -> Future[bytes]:
        """Queue a job."""
        return self._pool.submit(self._host.run, job, on_report)

    def stop(self) -> None:
        """End every job and wait for that."""
        self._interrupted.set()
        self._pool.shutdown(cancel_futures=True)
        remove_own(self._host.isolation)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()
        remove_own(self._host.isolation)

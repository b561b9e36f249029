"""What a worker process of a cluster runs: one job, by the runner that comes with it.

A cluster's worker is the organiser's own process. It needs this package and what the runner says it
needs; a job brings the rest.
"""

from __future__ import annotations

import math
import threading
import time
from typing import Any

import msgspec
from distributed import get_worker

from zcnas.jobs.pools import JobEnd, run_job
from zcnas.jobs.work import Job, Runner

REPORT_INTERVAL_S = 0.5
"""Reports of cheap units travel together, or a thousand workers would drown the scheduler."""


def run_on_worker(runner: Runner, job: Job, topic: str) -> bytes:
    """Run a job on this host and return its encoded ``JobEnd``.

    Args:
        runner: Runs it.
        job: The job.
        topic: Where reports are announced while the job runs.
    """
    worker = get_worker()
    reports = _Reports(worker, topic, job.number)
    try:
        end = run_job(runner, job, reports.add, TaskInterruption(worker))
    finally:
        unsent = reports.close()
    if unsent:
        said = msgspec.json.decode(end, type=JobEnd)
        end = msgspec.json.encode(msgspec.structs.replace(said, reports=unsent))
    return end


class TaskInterruption:
    """Set when the organiser has cancelled the task that runs in this thread, or has gone."""

    def __init__(self, worker: Any) -> None:
        from distributed.worker import thread_state  # type: ignore[attr-defined]

        self._worker = worker
        self._key = thread_state.key

    def is_set(self) -> bool:
        """Return whether the task is to end."""
        task = self._worker.state.tasks.get(self._key)
        alive = self._worker.status.name in ("running", "paused")
        return task is None or task.state != "executing" or not alive

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the task is to end, at most ``timeout`` seconds; return ``is_set``."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self.is_set():
            rest = 0.2 if end is None else min(0.2, end - time.monotonic())
            if rest <= 0:
                return False
            time.sleep(rest)
        return True


class _Reports:
    """Sends reports to the organiser, several at a time.

    None waits longer than ``REPORT_INTERVAL_S``, however long the next unit takes: what a killed
    worker has not sent is asked again.
    """

    def __init__(self, worker: Any, topic: str, job: int) -> None:
        self._worker = worker
        self._topic = topic
        self._job = job
        self._waiting: list[bytes] = []
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._sent = -math.inf

    def add(self, report: bytes) -> None:
        """Send a report, at once or with those that follow soon."""
        with self._lock:
            self._waiting.append(report)
            if time.monotonic() - self._sent >= REPORT_INTERVAL_S:
                self._send()
            elif self._timer is None:
                self._timer = threading.Timer(REPORT_INTERVAL_S, self._send_late)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> tuple[bytes, ...]:
        """Stop and return what has not been sent, for the job's end to bring."""
        with self._lock:
            unsent, self._waiting = tuple(self._waiting), []
            if self._timer is not None:
                self._timer.cancel()
        return unsent

    def _send_late(self) -> None:
        with self._lock:
            self._timer = None
            self._send()

    def _send(self) -> None:
        if self._waiting:
            self._worker.log_event(self._topic, (self._job, self._waiting))
        self._waiting = []
        self._sent = time.monotonic()

"""What a worker process of a cluster runs: one job in a container of its host.

A cluster's worker is the organiser's own process. It needs this package, a Docker engine, the
image, and nothing else: a job brings the rest. Participants' code runs in the container and never
in this process.
"""

from __future__ import annotations

import functools
import math
import os
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from distributed import get_worker

from zcnas.errors import OrganiserError
from zcnas.isolation import Isolation
from zcnas.isolation.container import DockerIsolation, connect
from zcnas.isolation.image import FINGERPRINT_LABEL, IMAGE
from zcnas.isolation.machine import Machine, parse_cpus
from zcnas.isolation.program import stage_worker
from zcnas.isolation.strays import remove_strays
from zcnas.organiser.competition.host import Host
from zcnas.organiser.competition.job import Job, JobResult
from zcnas.submissions import digest_of

CPUS_VARIABLE = "ZCNAS_CPUS"
"""Environment variable of a cluster's worker: which CPUs of its host it may use; all by default."""
REPORT_INTERVAL_S = 0.5
"""Reports of cheap predictors travel together, or a thousand workers would drown the scheduler."""


def run_on_worker(job: Job, topic: str) -> bytes:
    """Run a job on this host and return its encoded ``JobResult``.

    Args:
        job: The job.
        topic: Where finished architectures are announced while the job runs.
    """
    worker = get_worker()
    reports = _Reports(worker, topic)
    interruption = TaskInterruption(worker)
    try:
        isolation = _isolation(job.image)
        program, digest = _program()
        machine = Machine(parse_cpus(os.environ.get(CPUS_VARIABLE, "")), interruption)
        return Host(machine, isolation, program, digest).run(job, reports.add)
    except OrganiserError as error:
        return JobResult.of_fault(job, socket.gethostname(), str(error))
    finally:
        reports.close()


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

    None waits longer than ``REPORT_INTERVAL_S``, however long the next architecture takes: what a
    killed worker has not sent is asked again.
    """

    def __init__(self, worker: Any, topic: str) -> None:
        self._worker = worker
        self._topic = topic
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

    def close(self) -> None:
        """Stop; the job's result brings what has not been sent."""
        with self._lock:
            self._waiting = []
            if self._timer is not None:
                self._timer.cancel()

    def _send_late(self) -> None:
        with self._lock:
            self._timer = None
            self._send()

    def _send(self) -> None:
        if self._waiting:
            self._worker.log_event(self._topic, self._waiting)
        self._waiting = []
        self._sent = time.monotonic()


@functools.lru_cache(1)
def _program() -> tuple[Path, str]:
    """Return the folder workers are started from and its digest; made once per process."""
    folder = Path(tempfile.mkdtemp(prefix="zcnas-program-"))
    folder.chmod(0o755)
    program = stage_worker(folder / "program")
    return program, digest_of(program)


def _isolation(image_sha256: str) -> Isolation:
    """Return containers of the image the organiser has.

    Raises:
        OrganiserError: No engine answers here, or the image is missing or another one.
    """
    from docker.errors import DockerException

    isolation = _containers()
    try:
        labels = isolation.client.images.get(IMAGE).labels
    except DockerException as error:
        raise OrganiserError(
            f"host {socket.gethostname()} has no image {IMAGE} ({error}); run `make image` there"
        ) from None
    if labels.get(FINGERPRINT_LABEL) != image_sha256:
        raise OrganiserError(
            f"host {socket.gethostname()} has another {IMAGE} than the organiser's machine; "
            f"run `make image` there with the same version"
        )
    return isolation


@functools.lru_cache(1)
def _containers() -> DockerIsolation:
    """Return the containers of this host, without those an earlier worker process has left."""
    isolation = DockerIsolation(connect(), IMAGE)
    remove_strays(isolation)
    return isolation

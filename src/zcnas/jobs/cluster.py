"""Many machines: jobs through the executor of ``dask.distributed``.

Scheduler and workers are the organiser's own processes. Between machines everything is encrypted
and both ends show certificates (Dask's TLS). A job goes out as a pickle that the worker loads, with
the name of the runner that every host has installed; a report or an answer comes back as plain
bytes, and this client refuses to load a pickle. What Dask itself unpickles here is the exception of
a task that broke, which only such a worker can send; code that is not trusted has no network where
a runner starts it, and reaches none of this.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import secrets
import socket
import threading
import time
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

from zcnas.errors import OrganiserError, UsageError
from zcnas.jobs.work import Job, Report, Runner

CONNECT_S = 30
"""Seconds a scheduler may take to answer."""
RECONNECT_S = 8
"""The same when it was lost; a supervisor that starts it again takes no longer."""
RECONNECTIONS = 2
"""How often a lost scheduler is called again before the run ends."""
SLOTS_AGE_S = 2.0
TLS_SETTINGS = ("ca-file", "client.cert", "client.key")


class ClusterPool:
    """Runs jobs on the workers of a scheduler.

    Args:
        address: ``tcp://…`` on this machine, ``tls://…`` anywhere.
        runner: Runs a job; a function of a module that every host has installed.

    Raises:
        OrganiserError: The address is malformed or unsafe, or nothing answers there.
    """

    def __init__(self, address: str, runner: Runner) -> None:
        # What it would print of a lost scheduler, this run says in its own words.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        self._address = address
        self._runner = runner
        self._security = security_for(address)
        self._topic = f"zcnas-{secrets.token_hex(8)}"
        self._reporters: dict[int, Report] = {}
        self._client: Any = None
        self._slots = 0
        self._slots_seen = 0.0
        self._lock = threading.Lock()
        self._connect(CONNECT_S)

    @property
    def slots(self) -> int:
        """How many jobs can run at once: the threads of all workers."""
        if time.monotonic() - self._slots_seen > SLOTS_AGE_S:
            with contextlib.suppress(OSError, TimeoutError):
                # A client that gave its scheduler up knows of nobody; ``submit`` connects it again.
                workers = self._client.scheduler_info(n_workers=-1).get("workers")
                if workers is not None:
                    refuse_open_workers(workers)
                    self._slots = sum(worker["nthreads"] for worker in workers.values())
            self._slots_seen = time.monotonic()
        return self._slots

    def submit(self, job: Job, report: Report) -> Future[bytes]:
        """Queue a job.

        Raises:
            OrganiserError: The scheduler is gone and does not come back.
        """
        from zcnas.jobs.cluster_worker import run_on_worker

        if self._client.status != "running":
            self._reconnect()
        self._reporters[job.number] = report
        future: Future[bytes] = self._executor.submit(run_on_worker, self._runner, job, self._topic)
        future.add_done_callback(lambda done: self._reporters.pop(job.number, None))
        return future

    def stop(self) -> None:
        """Cancel every job; each worker notices within a second and ends its own."""
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            self._executor.shutdown(wait=False)
            self._client.close(timeout=1)

    def close(self) -> None:
        """Leave the scheduler."""
        self._client.close(timeout=5)

    def _connect(self, timeout_s: float) -> None:
        import distributed

        from zcnas.jobs.cluster_executor import ClusterExecutor

        client: Any = distributed.Client
        try:
            self._client = client(
                self._address,
                security=self._security,
                set_as_default=False,
                timeout=timeout_s,
                deserializers=["dask", "msgpack"],  # no pickles
            )
        except (OSError, TimeoutError) as error:
            raise OrganiserError(
                f"the scheduler at {self._address} does not answer ({error}); start it, or correct "
                "--scheduler, and repeat the command to resume"
            ) from None
        refuse_open_workers(self._client.scheduler_info(n_workers=-1)["workers"])
        # A job whose worker is lost comes back to us, who know which of it is done.
        self._client.run_on_scheduler(_give_no_task_a_second_worker)
        self._client.subscribe_topic(self._topic, self._take_reports)
        executor: Any = ClusterExecutor
        self._executor = executor(self._client, pure=False, retries=0)

    def _reconnect(self) -> None:
        for attempt in range(1 + RECONNECTIONS):
            with contextlib.suppress(OSError, TimeoutError, RuntimeError):
                self._client.close(timeout=1)
            try:
                self._connect(RECONNECT_S)
            except OrganiserError:
                if attempt == RECONNECTIONS:
                    raise
            else:
                return

    def _take_reports(self, event: tuple[float, Any]) -> None:
        """Hand reports to the jobs they are on.

        What cannot be read is dropped, and what cannot be recorded is left to the job's end.
        """
        match event:
            case (_, (int(number), (*reports,))) if report := self._reporters.get(number):
                for content in reports:
                    if isinstance(content, (bytes, bytearray, memoryview)):
                        with contextlib.suppress(OrganiserError):
                            report(bytes(content))


def security_for(address: str) -> Any:
    """Return Dask's security settings for a scheduler's address.

    Raises:
        UsageError: The address is malformed, leaves this machine without TLS, or certificates are
            missing.
    """
    import dask
    import distributed

    security: Any = distributed.Security

    try:
        parts = urlsplit(address)
        known = parts.scheme in ("tcp", "tls") and parts.port != 0
    except ValueError:  # a port that is not a number, a bracket too many
        known = False
    if not known or not parts.hostname:
        raise UsageError(
            f"--scheduler {address} is not the address of a scheduler; write tls://host:8786, or "
            "tcp://127.0.0.1:8786 for one on this machine"
        )
    if parts.scheme == "tcp":
        if not is_loopback(parts.hostname):
            raise UsageError(
                f"--scheduler {address} leaves this machine without encryption: start scheduler "
                "and workers with certificates and write tls://… (docs/cluster.md)"
            )
        return security()
    missing = [
        f"DASK_DISTRIBUTED__COMM__TLS__{name.upper().replace('-', '_').replace('.', '__')}"
        for name in TLS_SETTINGS
        if not dask.config.get(f"distributed.comm.tls.{name}", None)
    ]
    if missing:
        raise UsageError(
            f"--scheduler {address} needs certificates: set {', '.join(missing)} to their files "
            "(docs/cluster.md says how to make them)"
        )
    return security(require_encryption=True)


def refuse_open_workers(workers: dict[str, Any]) -> None:
    """Refuse workers that are reached over a network without TLS.

    Raises:
        OrganiserError: One is.
    """
    for address in workers:
        parts = urlsplit(address)
        if parts.scheme != "tls" and not is_loopback(parts.hostname or ""):
            raise OrganiserError(
                f"the worker at {address} is reached without encryption; start it with "
                "certificates, as the scheduler (docs/cluster.md)"
            )


def is_loopback(host: str) -> bool:
    """Return whether every address of a host is one of this machine's own loopback."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return bool(found) and all(ipaddress.ip_address(address).is_loopback for address in found)


def _give_no_task_a_second_worker(dask_scheduler: Any) -> None:
    dask_scheduler.allowed_failures = 0

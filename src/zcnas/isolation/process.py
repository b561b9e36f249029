"""The worker as a plain process.

For machines without a Docker engine, and inside a platform's container.

What an ordinary process can have: one CPU, one thread, its own session and scratch folder, an empty
environment, a limit on memory and CPU time per query, a wall-clock kill from outside. What it
cannot have: no network, a file system of its own, a user of its own. Hidden phases therefore run in
containers only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path

import psutil

from zcnas.errors import OrganiserError
from zcnas.isolation import WORKER_ENVIRONMENT, IsolationName, WorkerPlace
from zcnas.phases import Limits
from zcnas.worker.hiding import VARIABLE


class ProcessIsolation:
    """Starts workers as subprocesses pinned to one CPU.

    Args:
        packages: Top-level modules of this machine's packages that a submission may import; None
            for all, as where this machine is the image.
    """

    name: IsolationName = "process"
    description = "process (no container: network, files and user are shared)"
    contained = False

    def __init__(self, packages: Iterable[str] | None = None) -> None:
        self._packages = None if packages is None else ",".join(sorted(packages))

    def start(self, place: WorkerPlace) -> ProcessWorker:
        """Start a worker as a subprocess.

        Raises:
            OrganiserError: The CPU does not exist or may not be used, or the process cannot be
                started.
        """
        return ProcessWorker(place, self._packages)


class ProcessWorker:
    """A worker in a session of its own; see ``Worker``."""

    def __init__(self, place: WorkerPlace, packages: str | None) -> None:
        self._scratch = Path(tempfile.mkdtemp(prefix="zcnas-scratch-"))
        environment = {
            **WORKER_ENVIRONMENT,
            "PATH": os.defpath,
            "HOME": str(self._scratch),
            "TMPDIR": str(self._scratch),
        }
        if packages is not None:
            environment[VARIABLE] = packages
        try:
            self._process = subprocess.Popen(
                [sys.executable, str(place.program / "worker.py"), str(place.submission)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self._scratch,
                env=environment,
                bufsize=0,
                start_new_session=True,
            )
            self._psutil = psutil.Process(self._process.pid)
            self._psutil.cpu_affinity([place.cpu])
            self._limit(place.limits)
        except (OSError, ValueError, psutil.Error) as error:
            self._remove_scratch()
            raise OrganiserError(
                f"cannot start a worker on CPU {place.cpu}: {error}; choose CPUS from "
                f"{sorted(os.sched_getaffinity(0))}"
            ) from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.stdin = self._process.stdin.fileno()
        self.stdout = self._process.stdout.fileno()
        os.set_blocking(self.stdin, False)
        self._cpu_time_s = 0.0
        self._log_reader = threading.Thread(target=self._read_log, args=(place,), daemon=True)
        self._log_reader.start()

    def cpu_time_s(self) -> float:
        """Return the CPU seconds of the worker and of the children it has waited for."""
        with contextlib.suppress(psutil.Error):
            times = self._psutil.cpu_times()
            total = times.user + times.system + times.children_user + times.children_system
            self._cpu_time_s = max(self._cpu_time_s, total)
        return self._cpu_time_s

    def memory_kills(self) -> int:
        """Return 0: an ordinary process has no memory account of its own."""
        return 0

    def stop(self) -> str:
        """Kill the worker's whole process tree and remove its scratch folder."""
        self.cpu_time_s()
        family = [self._psutil]
        with contextlib.suppress(psutil.Error):
            family += self._psutil.children(recursive=True)
        own_end = self._process.poll()
        for member in family:
            with contextlib.suppress(psutil.Error):
                member.kill()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, 9)
        self._process.wait()
        self._log_reader.join(timeout=1)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._remove_scratch()
        return (
            "stopped by the recorder"
            if own_end is None
            else f"worker ended with exit code {own_end}"
        )

    def _limit(self, limits: Limits) -> None:
        """Set from outside what an ordinary process and its children can be limited in.

        The number of processes counts for the whole user; the kernel exempts root from it.
        """
        own = sum(
            process.info["num_threads"] or 0
            for process in psutil.process_iter(["uids", "num_threads"])
            if process.info["uids"] and process.info["uids"].real == os.getuid()
        )
        for resource, limit in (
            (psutil.RLIMIT_DATA, limits.memory_mb << 20),
            (psutil.RLIMIT_FSIZE, limits.scratch_mb << 20),
            (psutil.RLIMIT_NPROC, own + limits.processes),
            (psutil.RLIMIT_CORE, 0),
        ):
            self._psutil.rlimit(resource, (limit, limit))

    def _read_log(self, place: WorkerPlace) -> None:
        stream = self._process.stderr
        assert stream is not None
        with stream:
            while chunk := os.read(stream.fileno(), 65536):
                place.log(chunk)

    def _remove_scratch(self) -> None:
        shutil.rmtree(self._scratch, ignore_errors=True)

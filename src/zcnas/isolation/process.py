"""The worker as a plain process.

For machines without a Docker engine, and inside a platform's container.

What an ordinary process can have: one CPU, one thread, its own session and scratch folder, an empty
environment, a limit on memory and CPU time per query, a wall-clock kill from outside; started by
root also a user of its own. What it cannot have: no network, a file system of its own. Hidden
phases therefore run in containers only.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable

import psutil

from zcnas.errors import OrganiserError
from zcnas.isolation import FIRST_USER, WORKER_ENVIRONMENT, IsolationName, WorkerPlace
from zcnas.isolation.control_groups import UNBOUNDED, OwnGroup, longest_wait_s
from zcnas.isolation.machine import usable_cpus
from zcnas.isolation.output import OutputReader
from zcnas.isolation.owners import make_owned_folder
from zcnas.phases import Limits
from zcnas.worker.hiding import VARIABLE

SMALLEST = Limits(
    query_cpu_s=1,
    benchmark_cpu_s=1,
    setup_s=1,
    memory_mb=64,
    processes=8,
    scratch_mb=1,
    log_kb=1,
)
"""Limits of a group that is only tried out."""


class ProcessIsolation:
    """Starts workers as subprocesses pinned to one CPU.

    Args:
        packages: Top-level modules of this machine's packages that a submission may import; None
            for all, as where this machine is the image.
    """

    name: IsolationName = "process"
    contained = False

    def __init__(self, packages: Iterable[str] | None = None) -> None:
        self._packages = None if packages is None else ",".join(sorted(packages))

    @functools.cached_property
    def description(self) -> str:
        """What it isolates: whether anything bounds a query's processes together is tried out."""
        idle = [sys.executable, "-I", "-S", "-c", "input()"]
        with subprocess.Popen(idle, stdin=subprocess.PIPE, start_new_session=True) as trial:
            group = OwnGroup.make(trial.pid, SMALLEST)
            trial.kill()
            trial.wait()
            if group is not None:
                group.end()
        bounds = UNBOUNDED if group is None else group.bounds
        return f"process (no container: network and files are shared; {bounds})"

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
        self._folder = make_owned_folder("scratch")
        self._scratch = self._folder / "scratch"
        self._scratch.mkdir(mode=0o700)
        environment = {
            **WORKER_ENVIRONMENT,
            "PATH": os.defpath,
            "HOME": str(self._scratch),
            "TMPDIR": str(self._scratch),
        }
        if packages is not None:
            environment[VARIABLE] = packages
        user = FIRST_USER + place.cpu
        try:
            self._process = subprocess.Popen(
                self._command(place, user),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self._scratch,
                env=environment,
                bufsize=0,
                start_new_session=True,
            )
            self._psutil = psutil.Process(self._process.pid)
            self._group = OwnGroup.make(self._process.pid, place.limits)
            self._psutil.cpu_affinity([place.cpu])
            self._limit(place.limits, user)
        except (OSError, ValueError, psutil.Error) as error:
            self._remove_scratch()
            raise OrganiserError(
                f"cannot start a worker on CPU {place.cpu}: {error}; choose CPUS from "
                f"{usable_cpus()}"
            ) from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.stdin = self._process.stdin.fileno()
        self.stdout = self._process.stdout.fileno()
        os.set_blocking(self.stdin, False)
        self._cpu_time_s = 0.0
        self._memory_kills = 0
        assert self._process.stderr is not None
        self._output = OutputReader(self._process.stderr, place.log)

    def _command(self, place: WorkerPlace, user: int) -> list[str]:
        """Return what to start."""
        return [sys.executable, *map(str, (place.program / "worker.py", place.submission, user))]

    @property
    def bounds(self) -> str:
        """What bounds all processes of a query together, in words."""
        return UNBOUNDED if self._group is None else self._group.bounds

    def cpu_time_s(self) -> float:
        """Return the CPU seconds of all it started, as the kernel counts them for its group.

        Without a group, those of the worker and of the children it has waited for.
        """
        if self._group is not None:
            total = self._group.account.cpu_time_s() or 0.0
            self._cpu_time_s = max(self._cpu_time_s, total)
        else:
            with contextlib.suppress(psutil.Error):
                times = self._psutil.cpu_times()
                total = times.user + times.system + times.children_user + times.children_system
                self._cpu_time_s = max(self._cpu_time_s, total)
        return self._cpu_time_s

    def memory_kills(self) -> int:
        """Return how many processes of its group the kernel has killed; 0 without a group."""
        if self._group is not None:
            self._memory_kills = max(self._memory_kills, self._group.account.memory_kills())
        return self._memory_kills

    def longest_wait_s(self) -> float:
        """Return how long one of its threads has waited for a CPU at most."""
        if self._group is not None:
            return self._group.account.longest_wait_s()
        with contextlib.suppress(psutil.Error):
            family = (self._psutil, *self._psutil.children(recursive=True))
            return longest_wait_s(member.pid for member in family)
        return 0.0

    def stop(self) -> str:
        """Kill the worker's whole process tree and remove its scratch folder."""
        self.cpu_time_s()
        self.memory_kills()
        own_end = self._process.poll()
        if self._group is not None:
            self._group.end()
        self._end_family()
        self._process.wait()
        self._output.finish()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._remove_scratch()
        return (
            "stopped by the recorder"
            if own_end is None
            else f"worker ended with exit code {own_end}"
        )

    def _end_family(self) -> None:
        """Kill what can be found without a group: descendants, and the worker's own session."""
        family = [self._psutil]
        with contextlib.suppress(psutil.Error):
            family += self._psutil.children(recursive=True)
        for member in family:
            with contextlib.suppress(psutil.Error):
                member.kill()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _limit(self, limits: Limits, user: int) -> None:
        """Set from outside what an ordinary process and its children can be limited in.

        The number of processes counts for the whole user; the kernel exempts root from it, and a
        worker started by root becomes ``user`` if it can.
        """
        counted = os.getuid() or user
        own = sum(
            process.info["num_threads"] or 0
            for process in psutil.process_iter(["uids", "num_threads"])
            if process.info["uids"] and process.info["uids"].real == counted
        )
        for resource, limit in (
            (psutil.RLIMIT_DATA, limits.memory_mb << 20),
            (psutil.RLIMIT_FSIZE, limits.scratch_mb << 20),
            (psutil.RLIMIT_NPROC, own + limits.processes),
            (psutil.RLIMIT_CORE, 0),
        ):
            self._psutil.rlimit(resource, (limit, limit))

    def _remove_scratch(self) -> None:
        """Remove the scratch folder, also one whose folders are closed or nested without end."""
        try:
            shutil.rmtree(self._folder)
        except (OSError, RecursionError):
            for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
                subprocess.run([*command, self._folder], capture_output=True, check=False)

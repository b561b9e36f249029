"""The worker in a sandbox of bubblewrap: a container's boundary without an engine or root.

Everything a container has, the kernel also gives a plain user who makes a user namespace first: own
process numbers, no network, a read-only root of which nothing is anybody's, a scratch folder of
limited size, no capabilities. What needs more is a limit on all processes together. Where this user
may make control groups they hold it, as in a container; where not, memory is watched from outside
and CPU time is counted by a clock of the kernel. The worker's ``bounds`` say which.

Reference: bwrap(1), version 0.8; user_namespaces(7).
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import platform
import shutil
import signal
import subprocess
from collections.abc import Sequence

import psutil

from zcnas.errors import OrganiserError
from zcnas.isolation import FIRST_USER, IsolationName, WorkerPlace
from zcnas.isolation.container import PROGRAM, SCRATCH, SCRATCH_FILES, SUBMISSION
from zcnas.isolation.control_groups import OwnGroup, longest_wait_s
from zcnas.isolation.machine import usable_cpus
from zcnas.isolation.output import OutputReader
from zcnas.isolation.sandbox import COMMAND, INSTALL, refusal, sandbox, texts_of
from zcnas.isolation.sandbox_root import SandboxRoot, sandbox_root
from zcnas.isolation.task_clock import TaskClock, open_clock
from zcnas.isolation.watching import MemoryWatch

_MIB = 1 << 20
_MOUNTER = f"{PROGRAM}/zcnas/worker/own_scratch.py"
_FIRST_COUNTED_PER_NAMESPACE = (5, 14)
"""The first Linux that counts a user's processes in each user namespace by itself."""
_END_S = 10.0


class BubblewrapIsolation:
    """Starts workers in sandboxes made by bubblewrap.

    Args:
        root: What their file system is made of; found by default.

    Raises:
        OrganiserError: bubblewrap is not installed, or an unpacked image is not what it should be.
    """

    name: IsolationName = "bubblewrap"
    contained = True

    def __init__(self, root: SandboxRoot | None = None) -> None:
        if shutil.which(COMMAND) is None:
            raise OrganiserError(f"bubblewrap is not installed (no {COMMAND} on PATH); {INSTALL}")
        self.root = root or sandbox_root()
        self.image = self.root.image

    @functools.cached_property
    def version(self) -> str:
        """The version of bubblewrap, as it says itself."""
        asked = [COMMAND, "--version"]
        said = subprocess.run(asked, capture_output=True, text=True, check=False)
        return said.stdout.strip() or "bubblewrap"

    @property
    def description(self) -> str:
        """What it isolates."""
        return f"{self.version} (one CPU, no network, read-only {self.root.description})"

    def try_out(self) -> None:
        """Start Python in an empty sandbox.

        Raises:
            OrganiserError: It cannot be, with the reason.
        """
        code = "import ctypes"
        command = [*sandbox(self.root, FIRST_USER), self.root.python, "-I", "-S", "-c", code]
        with texts_of(self.root) as (arguments, descriptors):
            done = subprocess.run(
                [COMMAND, *arguments, *command],
                pass_fds=descriptors,
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        if done.returncode != 0:
            raise refusal(done.stderr)

    def start(self, place: WorkerPlace) -> BubblewrapWorker:
        """Start a worker in a fresh sandbox.

        Raises:
            OrganiserError: The kernel allows no sandbox, or the CPU does not exist.
        """
        return BubblewrapWorker(self.root, place)


class BubblewrapWorker:
    """A worker in a sandbox; see ``Worker``."""

    _group: OwnGroup | None = None
    _clock: TaskClock | None = None
    _watch: MemoryWatch | None = None

    def __init__(self, root: SandboxRoot, place: WorkerPlace) -> None:
        limits = place.limits
        told, tell = os.pipe()
        wait, release = os.pipe()
        worker = [f"{PROGRAM}/worker.py", SUBMISSION]
        command = [
            *sandbox(root, FIRST_USER + place.cpu),
            *("--ro-bind", str(place.program.resolve()), PROGRAM),
            *("--ro-bind", str(place.submission.resolve()), SUBMISSION),
            *("--remount-ro", "/", "--info-fd", str(tell), "--block-fd", str(wait)),
            *(root.python, "-I", "-S", _MOUNTER, SCRATCH),
            *(str(limits.scratch_mb), str(SCRATCH_FILES), *worker),
        ]
        try:
            with texts_of(root) as (arguments, descriptors):
                self._process = subprocess.Popen(
                    [COMMAND, *arguments, *command],
                    pass_fds=(tell, wait, *descriptors),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    bufsize=0,
                )
            os.close(tell)
            os.close(wait)
            tell = wait = -1
            self._first = self._first_process(told)
            self._bound(place)
            os.write(release, b"x")
        except (OSError, ValueError, psutil.Error) as error:
            self._abandon()
            raise OrganiserError(
                f"cannot start a sandbox on CPU {place.cpu}: {error}; choose CPUS from "
                f"{usable_cpus()}"
            ) from None
        finally:
            for descriptor in (told, release, tell, wait):
                if descriptor >= 0:
                    os.close(descriptor)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.stdin = self._process.stdin.fileno()
        self.stdout = self._process.stdout.fileno()
        os.set_blocking(self.stdin, False)
        self._cpu_time_s = 0.0
        self._memory_kills = 0
        assert self._process.stderr is not None
        self._output = OutputReader(self._process.stderr, place.log)

    def cpu_time_s(self) -> float:
        """Return the CPU seconds of all it started, as the kernel counts them.

        By its control group, else by a clock of the kernel; without either those of the worker and
        of all processes that somebody waited for.
        """
        measured: float | None = None
        if self._group is not None:
            measured = self._group.account.cpu_time_s()
        elif self._clock is not None:
            measured = self._clock.read_s()
        else:
            with contextlib.suppress(psutil.Error):
                times = psutil.Process(self._first).cpu_times()
                measured = sum(times[:4])
        self._cpu_time_s = max(self._cpu_time_s, measured or 0.0)
        return self._cpu_time_s

    def memory_kills(self) -> int:
        """Return how many of its processes were killed for want of memory."""
        if self._group is not None:
            self._memory_kills = max(self._memory_kills, self._group.account.memory_kills())
        return self._memory_kills + (self._watch.kills if self._watch else 0)

    def longest_wait_s(self) -> float:
        """Return how long one of its threads has waited for a CPU at most."""
        if self._group is not None:
            return self._group.account.longest_wait_s()
        return longest_wait_s(self._tree.members())

    def stop(self) -> str:
        """End the sandbox: with its first process the kernel ends all others."""
        if self._process.stdin is None or self._process.stdin.closed:
            return "stopped by the recorder"
        self.cpu_time_s()
        self.memory_kills()
        own_end = self._process.poll()
        if self._watch is not None:
            self._watch.stop()
        if self._group is not None:
            self._group.end()
        self._end(own_end)
        self._output.finish()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        if self._clock is not None:
            self._clock.close()
            self._clock = None
        return (
            "stopped by the recorder"
            if own_end is None
            else f"the sandbox ended with exit code {own_end}"
        )

    def _end(self, own_end: int | None) -> None:
        if own_end is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self._first, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_END_S)
        self._process.kill()
        self._process.wait()

    def _first_process(self, told: int) -> int:
        """Return the number that the sandbox's first process has outside.

        Raises:
            OrganiserError: There is none, with what bubblewrap says.
        """
        said = b""
        while b"}" not in said and (chunk := os.read(told, 4096)):
            said += chunk
        if b"}" in said:
            return int(json.loads(said)["child-pid"])
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            reason = stream.read().decode(errors="replace")
        self._process.wait()
        self._abandon()
        raise refusal(reason)

    def _abandon(self) -> None:
        """Leave nothing of a sandbox that could not be started."""
        process = getattr(self, "_process", None)
        if process is None:
            return
        process.kill()
        process.wait()
        if self._group is not None:
            self._group.end()
        if self._watch is not None:
            self._watch.stop()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()

    def _bound(self, place: WorkerPlace) -> None:
        """Limit the sandbox before anything runs in it: its first process waits for that."""
        limits, first = place.limits, psutil.Process(self._first)
        first.cpu_affinity([place.cpu])
        self._group = OwnGroup.make(self._first, limits)
        limited = self._group.limited if self._group else ()
        self._clock = None if self._group else open_clock(self._first)
        self._tree = MemoryWatch(self._first, limits.memory_mb * _MIB)
        self._watch = None if "memory" in limited else self._tree
        first.rlimit(psutil.RLIMIT_CORE, (0, 0))
        if self._watch is not None:
            first.rlimit(psutil.RLIMIT_DATA, (limits.memory_mb * _MIB,) * 2)
            self._watch.start()
        if not any("processes" in what for what in limited):
            number = limits.processes + _counted_already()
            first.rlimit(psutil.RLIMIT_NPROC, (number, number))
        self.bounds = self._bounds_in_words(limited)

    def _bounds_in_words(self, limited: Sequence[str]) -> str:
        if self._group is not None and self._watch is None:
            return self._group.bounds
        time = "CPU time of those somebody waited for is counted"
        if self._group is not None:
            time = "a control group counts CPU time"
        elif self._clock is not None:
            time = "a clock of the kernel counts CPU time"
        return (
            f"{time} and a watch from outside bounds memory together; a limit of the kernel bounds "
            "the number of processes"
        )


def _counted_already() -> int:
    """Return how many threads of this user count for a limit on processes inside a sandbox."""
    release = tuple(map(int, platform.release().split("-")[0].split(".")[:2]))
    if release >= _FIRST_COUNTED_PER_NAMESPACE:
        return 0
    counted = os.getuid()
    processes = psutil.process_iter(["uids", "num_threads"])
    return sum(
        each.info["num_threads"] or 0
        for each in processes
        if each.info["uids"] and each.info["uids"].real == counted
    )

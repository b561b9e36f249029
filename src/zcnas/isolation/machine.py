"""This machine: its CPUs, each leased to one job at a time.

CPUs are guarded by locks on files, so that all runs on this machine, and all worker processes of a
cluster on it, respect each other. The kernel drops the locks of a process that dies.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from zcnas.errors import OrganiserError, UsageError
from zcnas.isolation.cores import one_per_core

LOCKS_VARIABLE = "ZCNAS_LOCKS"
"""Environment variable that names another folder for the locks.

All runs on one machine must see the same folder; containers of one node can mount it.
"""
LEASE_POLL_S = 0.2
_CPU_RANGE = re.compile("([0-9]{1,5})(?: *- *([0-9]{1,5}))?")
"""A CPU or a range; of a machine that exists, so no range is too long to write out."""


class Interruption(Protocol):
    """Says whether a run is to end early: a ``threading.Event``, or what a cluster offers."""

    def is_set(self) -> bool:
        """Return whether the run is to end."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run is to end, at most ``timeout`` seconds; return ``is_set``."""
        ...


Waiting = Callable[[str], None]
"""Told, in words, what a job waits for; then "" when it waits no longer."""


class Machine:
    """The CPUs of this machine, of which each job leases one.

    Args:
        cpus: The CPUs to lease; without any, as inside a platform's container, there is nobody to
            share the machine with and no lock is taken.
        interrupted: Set when the run is to end early.
        locks: The folder of the locks; by default ``ZCNAS_LOCKS`` or one in the temporary folder.
    """

    def __init__(
        self,
        cpus: Sequence[int] = (),
        interrupted: Interruption | None = None,
        locks: Path | None = None,
    ) -> None:
        self.interrupted: Interruption = interrupted or threading.Event()
        self._cpus = tuple(cpus)
        self._locks = locks or locks_folder()
        if self._cpus:
            make_locks_folder(self._locks)

    @contextlib.contextmanager
    def lease(self, waiting: Waiting = lambda text: None) -> Iterator[int]:
        """Wait for a CPU that no job on this machine holds, and hold it.

        Args:
            waiting: Told at once if every CPU is held, and who holds them.

        Raises:
            OrganiserError: The run was interrupted.
        """
        told = False
        while True:
            for cpu in self._cpus:
                lock = FileLock(
                    self._locks / f"cpu{cpu}.lock", blocking=False, mode=0o666, thread_local=False
                )
                try:
                    lock.acquire()
                except Timeout:
                    continue
                except OSError as error:
                    raise OrganiserError(
                        f"the lock {lock.lock_file} cannot be taken ({error.strerror}); remove it, "
                        f"or name another folder for all runs on this machine with "
                        f"{LOCKS_VARIABLE}="
                    ) from None
                if told:
                    waiting("")
                try:
                    yield cpu
                finally:
                    lock.release()
                return
            if not told:
                told = True
                waiting(f"waiting for a CPU: {'; '.join(map(self._held, self._cpus))}")
            self._wait(LEASE_POLL_S)

    def _held(self, cpu: int) -> str:
        pid = holder_of(self._locks / f"cpu{cpu}.lock")
        who = {None: "another run", os.getpid(): "this run"}.get(pid, f"process {pid}")
        return f"CPU {cpu} is held by {who}"

    def _wait(self, seconds: float) -> None:
        if self.interrupted.wait(seconds):
            raise OrganiserError("the run was interrupted; repeat the command to resume")


def locks_folder() -> Path:
    """Return the folder of the locks that all runs on this machine share."""
    return Path(os.environ.get(LOCKS_VARIABLE) or Path(tempfile.gettempdir()) / "zcnas-locks")


def make_locks_folder(folder: Path) -> None:
    """Make the folder of the locks, open to every user, if it is missing.

    In a temporary folder everybody may make one of its name first, as a folder or as a link to
    somewhere else, so it has to be this user's or root's. Nobody can remove another's locks there.

    Raises:
        OrganiserError: It can neither be made nor be written to, or is another user's.
    """
    with contextlib.suppress(OSError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    trusted = (0, os.getuid())
    try:
        if folder.lstat().st_uid not in trusted or folder.stat().st_uid not in trusted:
            raise OrganiserError(
                f"the folder of the locks, {folder}, was made by another user; name a folder of "
                f"your own for all runs on this machine with {LOCKS_VARIABLE}="
            )
        descriptor = os.open(folder.resolve(), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(descriptor).st_uid == os.getuid():
                os.fchmod(descriptor, 0o1777)
        finally:
            os.close(descriptor)
    except OSError:
        pass  # it is not there, or not a folder
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OrganiserError(
            f"the locks that keep two runs from one CPU cannot be written to {folder}; make it "
            f"writable, or name another folder for all runs on this machine with {LOCKS_VARIABLE}="
        )


def holder_of(lock: Path) -> int | None:
    """Return the id of the process that holds a lock; None if the kernel does not tell."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        inode = lock.stat().st_ino
        for line in Path("/proc/locks").read_text().splitlines():
            fields = line.split()
            if fields[1] == "FLOCK" and fields[5].rpartition(":")[2] == str(inode):
                return int(fields[4]) if int(fields[4]) > 0 else None
    return None


def usable_cpus() -> list[int]:
    """Return the CPUs that this process may use.

    Raises:
        OrganiserError: This is no Linux: nothing here pins, limits or confines a process.
    """
    if not hasattr(os, "sched_getaffinity"):
        raise OrganiserError(
            f"submissions run on Linux only; {platform.system() or 'this system'} pins, limits and "
            "confines no process. Here `zcnas check` and `zcnas submission` work; for a dry run "
            "use Linux in a virtual machine, in WSL 2 on Windows, or a remote machine"
        )
    return sorted(os.sched_getaffinity(0))


def parse_cpus(text: str) -> list[int]:
    """Return the CPUs that ``0,1`` or ``0-3,6`` names; empty for one per physical core.

    Of those that this process may use.

    Raises:
        UsageError: The text is malformed, or names a CPU this process may not use.
        OrganiserError: This system runs no submissions.
    """
    usable = usable_cpus()
    parts = [part.strip() for part in text.split(",")]
    if parts == [""]:
        return one_per_core(usable)
    cpus: set[int] = set()
    for part in parts:
        bounds = _CPU_RANGE.fullmatch(part)
        first, last = (int(bounds[1]), int(bounds[2] or bounds[1])) if bounds else (1, 0)
        if first > last:
            raise UsageError(
                f"--cpus {text} is malformed; write for example --cpus 0,1 or --cpus 0-3, smaller "
                f"number first, or leave it out for one per physical core of {usable}"
            )
        cpus.update(range(first, last + 1))
    if unknown := sorted(cpus - set(usable)):
        shown = f"{unknown[:3]} and more" if len(unknown) > 3 else str(unknown)
        raise UsageError(
            f"--cpus {text} names {shown}, which this process may not use; usable are {usable}"
        )
    return sorted(cpus)


def cpu_model() -> str:
    """Return the name of this machine's processor as the kernel gives it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return "unknown"

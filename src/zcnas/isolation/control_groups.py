"""The kernel's account of a worker and everything it started, and limits on them together.

A container has a control group from its engine. A plain process is given one where this user may
make groups: as root, or below a group that was delegated to it. Version 1 and 2 of the kernel's
interface, read and written on the host that runs the worker.

Reference: kernel documentation, ``admin-guide/cgroup-v1`` and ``admin-guide/cgroup-v2``.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from zcnas.phases import Limits

GROUPS, PROC = Path("/sys/fs/cgroup"), Path("/proc")
PREFIX = "zcnas-"
UNBOUNDED = "only wall time bounds a query's processes together"
_END_S = 2.0
_numbers = itertools.count()


class ControlGroup:
    """The control group that a process is in: what it and all others there have used.

    Args:
        pid: The process.
        root: Where control groups are mounted.
        proc: Where the kernel shows processes.
    """

    def __init__(self, pid: int, root: Path = GROUPS, proc: Path = PROC) -> None:
        self._proc = proc
        nowhere = Path("/nonexistent")
        paths = _paths_of(pid, root, proc)
        self._cpu_v1 = paths.get("cpuacct", nowhere) / "cpuacct.usage"
        self._cpu_v2 = paths.get("", nowhere) / "cpu.stat"
        self._memory_v1 = paths.get("memory", nowhere) / "memory.oom_control"
        self._memory_v2 = paths.get("", nowhere) / "memory.events"
        self._members = paths.get("cpuacct", paths.get("", nowhere)) / "cgroup.procs"

    def cpu_time_s(self) -> float | None:
        """Return the CPU seconds used by the group, or None if the kernel does not tell."""
        with contextlib.suppress(OSError, ValueError):
            return int(self._cpu_v1.read_text()) / 1e9
        usage = _read_table(self._cpu_v2).get("usage_usec")
        return None if usage is None else usage / 1e6

    def memory_kills(self) -> int:
        """Return the group's out-of-memory kills, 0 if the kernel's files cannot be read here."""
        table = _read_table(self._memory_v1) or _read_table(self._memory_v2)
        return table.get("oom_kill", 0)

    def longest_wait_s(self) -> float:
        """Return how long one of its threads has waited for a CPU at most; 0 if unknown."""
        with contextlib.suppress(OSError, ValueError):
            return longest_wait_s(map(int, self._members.read_text().split()), self._proc)
        return 0.0


class OwnGroup:
    """A control group made for one plain process, with its limits; see ``make``.

    Attributes:
        account: What the kernel counts for the group.
        limited: What it limits beside counting CPU time, in words.
    """

    def __init__(
        self, folders: list[Path], account: ControlGroup, limited: tuple[str, ...]
    ) -> None:
        self._folders = folders
        self.account = account
        self.limited = limited

    @property
    def bounds(self) -> str:
        """What it bounds, in a phrase."""
        return f"a control group bounds {' and '.join(('CPU time', *self.limited))} together"

    @classmethod
    def make(
        cls, pid: int, limits: Limits, root: Path = GROUPS, proc: Path = PROC
    ) -> OwnGroup | None:
        """Return a group that holds a process which has not started any other yet.

        None where this user may not make groups or the kernel would not count CPU time in one.
        """
        paths = _paths_of(os.getpid(), root, proc)
        name = f"{PREFIX}{os.getpid()}-{next(_numbers)}"
        folders: list[Path] = []
        limited: list[str] = []
        if "cpuacct" in paths:
            for controller in ("cpuacct", "memory", "pids"):
                if (folder := _make_below(paths.get(controller), name)) is not None:
                    folders.append(folder)
        elif (folder := _make_v2(paths.get(""), name)) is not None:
            folders.append(folder)
        for what, files in _limits_as_files(limits).items():
            taken = [_write(folder / file, value) for folder in folders for file, value in files]
            if any(taken):
                limited.append(what)
        joined = [_write(folder / "cgroup.procs", str(pid)) for folder in folders]
        account = ControlGroup(pid, root, proc)
        group = cls(folders, account, tuple(limited))
        if folders and all(joined) and account.cpu_time_s() is not None:
            return group
        group.remove()
        return None

    def end(self) -> None:
        """Kill all its processes and remove it."""
        deadline = time.monotonic() + _END_S
        for folder in self._folders:
            _write(folder / "pids.max", "0")
            _write(folder / "cgroup.kill", "1")
        while (members := self._members()) and time.monotonic() < deadline:
            for pid in members:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)
        self.remove()

    def remove(self) -> None:
        """Remove it if it is empty."""
        for folder in self._folders:
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _members(self) -> set[int]:
        found: set[int] = set()
        for folder in self._folders:
            with contextlib.suppress(OSError, ValueError):
                found |= set(map(int, (folder / "cgroup.procs").read_text().split()))
        return found


def longest_wait_s(pids: Iterable[int], proc: Path = PROC) -> float:
    """Return how long a thread of some processes has waited for a CPU at most.

    Reference: kernel documentation, ``scheduler/sched-stats``: the second number of ``schedstat``
    is the time in nanoseconds that a task was ready to run and did not.
    """
    longest = 0
    for pid in pids:
        for file in (proc / str(pid)).glob("task/*/schedstat"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                longest = max(longest, int(file.read_text().split()[1]))
    return longest / 1e9


def _paths_of(pid: int, root: Path, proc: Path) -> dict[str, Path]:
    """Return the folder of a process's group for each controller; version 2 has the key ""."""
    found: dict[str, Path] = {}
    with contextlib.suppress(OSError, ValueError):
        for line in (proc / str(pid) / "cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            for controller in controllers.split(","):
                found[controller] = root / controller / path.lstrip("/")
    return found


def _make_below(parent: Path | None, name: str) -> Path | None:
    """Make a group, and remove those that killed recorders have left beside it."""
    if parent is None:
        return None
    for left in parent.glob(f"{PREFIX}*-*"):
        owner = left.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            with contextlib.suppress(OSError):
                left.rmdir()
    try:
        (parent / name).mkdir()
    except OSError:
        return None
    return parent / name


def _make_v2(own: Path | None, name: str) -> Path | None:
    """Make a group below one's own or beside it, where memory can be limited if anywhere."""
    made: Path | None = None
    for parent in () if own is None else (own, own.parent):
        if (folder := _make_below(parent, name)) is None:
            continue
        if not (folder / "memory.max").exists():  # refused where processes are beside groups
            _write(parent / "cgroup.subtree_control", "+memory +pids")
        if (folder / "memory.max").exists():
            if made is not None:
                made.rmdir()
            return folder
        if made is None:
            made = folder
        else:
            folder.rmdir()
    return made


def _limits_as_files(limits: Limits) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the files of a group, of either version, that hold each limit; memory before swap."""
    memory = str(limits.memory_mb << 20)
    return {
        "memory": (
            ("memory.limit_in_bytes", memory),
            ("memory.memsw.limit_in_bytes", memory),
            ("memory.max", memory),
            ("memory.swap.max", "0"),
        ),
        "the number of processes": (("pids.max", str(limits.processes)),),
    }


def _write(path: Path, text: str) -> bool:
    """Write to a file that exists; say whether the kernel took it."""
    try:
        descriptor = os.open(path, os.O_WRONLY)
    except OSError:
        return False
    try:
        os.write(descriptor, text.encode())
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _read_table(path: Path) -> dict[str, int]:
    with contextlib.suppress(OSError, ValueError):
        rows = (line.split() for line in path.read_text().splitlines())
        return {name: int(value) for name, value in rows}
    return {}

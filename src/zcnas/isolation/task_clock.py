"""The CPU time of a process and everything it ever starts, as the kernel counts it.

For trees of processes that no control group holds. A software counter of the kernel is attached to
a process before it has started any other, and every later one inherits it: processes that nobody
waits for and that have long ended are counted too. It needs no privilege where
``kernel.perf_event_paranoid`` is 2 or less, as kernels have it by default; some distributions
forbid it.

Reference: ``perf_event_open(2)``, ``PERF_COUNT_SW_TASK_CLOCK`` with ``inherit``.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct

_CALL = {"x86_64": 298, "aarch64": 241}
_SOFTWARE, _TASK_CLOCK, _CLOSE_ON_EXEC = 1, 1, 8
_INHERIT, _NO_KERNEL, _NO_HYPERVISOR = 1 << 1, 1 << 5, 1 << 6
_SIZE = 112


class TaskClock:
    """A counter of the CPU time of one process and all its later descendants.

    Args:
        pid: A process that has not started any other yet.

    Raises:
        OSError: The kernel does not offer it to this user.
    """

    def __init__(self, pid: int) -> None:
        if (number := _CALL.get(platform.machine())) is None:
            raise OSError(f"no task clock on {platform.machine()}")
        flags = _INHERIT | _NO_KERNEL | _NO_HYPERVISOR
        attributes = struct.pack("=IIQQQQQ", _SOFTWARE, _SIZE, _TASK_CLOCK, 0, 0, 0, flags)
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = int(
            libc.syscall(number, attributes.ljust(_SIZE, b"\0"), pid, -1, -1, _CLOSE_ON_EXEC)
        )
        if self._descriptor < 0:
            error = ctypes.get_errno()
            raise OSError(error, f"perf_event_open: {os.strerror(error)}")

    def read_s(self) -> float:
        """Return the CPU seconds so far; those of ended processes stay counted."""
        count: int = struct.unpack("=Q", os.read(self._descriptor, 8))[0]
        return count / 1e9

    def close(self) -> None:
        """Stop counting."""
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


def open_clock(pid: int) -> TaskClock | None:
    """Return a clock of a process, None where the kernel does not offer it to this user."""
    with contextlib.suppress(OSError):
        return TaskClock(pid)
    return None

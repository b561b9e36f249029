"""Where the worker runs: in a container, or as a plain process.

Both give the recorder the same handle, a ``Worker``: two byte streams, a CPU clock read from
outside, and an end. The flags of the container are in ``container.py``, its image in ``image.py``;
the numbers come from ``phases.toml``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from zcnas.phases import Limits

IsolationName = Literal["docker", "bubblewrap", "apptainer", "process"]

WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONNOUSERSITE": "1",
    "LC_ALL": "C.UTF-8",
    "USER": "predictor",
    # A fork per query then copies and faults a fraction of the pages: the heap has large pages, and
    # what a child needs beyond its parent's heap comes in one piece instead of a mapping each.
    "GLIBC_TUNABLES": (
        "glibc.malloc.hugetlb=1:glibc.malloc.top_pad=67108864"
        ":glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=1073741824"
    ),
}
"""The whole environment of a worker, but for PATH and its scratch folder."""


FIRST_USER = 61000
"""A worker's user is this plus its CPU's number, where a user of its own can be had.

An account of nobody; and what the kernel counts per user, submissions on two CPUs do not share.
"""


@dataclass(frozen=True)
class WorkerPlace:
    """What a worker is started with.

    Attributes:
        program: A folder with ``worker.py`` and the modules it imports.
        submission: The participant's folder.
        cpu: The one CPU it may use.
        limits: The phase's limits.
        log: Called with every piece of the worker's stderr, from another thread.
    """

    program: Path
    submission: Path
    cpu: int
    limits: Limits
    log: Callable[[bytes], None]


class Worker(Protocol):
    """A running worker, as the recorder sees it from outside.

    Attributes:
        stdin: Descriptor the recorder writes requests to; non-blocking.
        stdout: Descriptor the recorder reads answers from.
    """

    stdin: int
    stdout: int

    @property
    def bounds(self) -> str:
        """What bounds all processes of a query together, in words."""
        ...

    def cpu_time_s(self) -> float | None:
        """Return the CPU seconds used so far by all it started, measured from outside.

        None if that cannot be.
        """
        ...

    def memory_kills(self) -> int:
        """Return how many of its processes the kernel has killed for want of memory."""
        ...

    def longest_wait_s(self) -> float:
        """Return how long one of its present threads has waited for a CPU that others used.

        In seconds, the longest of all; 0 if the kernel does not tell.
        """
        ...

    def stop(self) -> str:
        """End the worker and everything it started.

        Return in a few words how it ended. May be called again.
        """
        ...


class Isolation(Protocol):
    """A way to start workers.

    Attributes:
        name: Its name for the command line.
        contained: Whether a submission can reach neither this machine's files nor its network.
    """

    name: IsolationName
    contained: bool

    @property
    def description(self) -> str:
        """What it isolates, one phrase for people."""
        ...

    def start(self, place: WorkerPlace) -> Worker:
        """Start a worker.

        Raises:
            OrganiserError: This machine cannot start one.
        """
        ...

"""Runs one attempt, as a process of its own: `python -m zcnas.organiser.serving.job`.

An order comes in on stdin, a results folder comes out: the run is the one of `zcnas score`, with
one submission on one CPU. A process that is killed leaves a folder that the next one resumes.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import msgspec

from zcnas.errors import OrganiserError, ZcnasError
from zcnas.isolation.choice import choose_isolation
from zcnas.organiser.competition import Competition, load_halves
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.phases import Phase
from zcnas.worker.processes import end_with_parent

PREDECESSOR_S = 30.0
"""How long to wait for the process of a killed server to let go of the folder."""
OURS = 3
"""Exit code for a fault of this machine, as the commands have it."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a job is told.

    Attributes:
        parent: The server's process.
        phase: The phase, without what is not needed.
        inputs: Folder of its visible halves.
        references: Folder of its hidden halves.
        data: Folder of datasets' files; "" for none.
        isolation: Where the submission runs.
        cpus: The server's CPUs; the job runs on whichever is free, on one at a time.
        archive: The attempt's zip.
        out: The results folder.
    """

    parent: int
    phase: Phase
    inputs: str
    references: str
    data: str
    isolation: str
    cpus: tuple[int, ...]
    archive: str
    out: str


def run(order: Order) -> None:
    """Run an attempt, or what is missing of it.

    Raises:
        ZcnasError: It cannot be run here.
    """
    results = ResultsFolder(Path(order.out))
    end = time.monotonic() + PREDECESSOR_S
    while results.in_use():
        if time.monotonic() > end:
            raise OrganiserError(f"another process is still writing to {order.out}; end it")
        time.sleep(0.1)
    halves = load_halves(
        order.phase, Path(order.inputs), Path(order.references),
        Path(order.data) if order.data else None,
    )  # fmt: skip
    isolation = choose_isolation(order.isolation, order.phase, _say)
    competition = Competition(
        order.phase, halves, isolation, list(order.cpus), results.path, slots=1
    )
    competition.run([Path(order.archive)])


def main() -> int:
    """Run the order on stdin; return the exit code."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores it
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    if os.getppid() != order.parent:  # the server was killed before the kernel was asked
        return OURS
    try:
        run(order)
    except ZcnasError as error:
        _say(str(error))
        return OURS
    except KeyboardInterrupt:
        return OURS
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    raise SystemExit(main())

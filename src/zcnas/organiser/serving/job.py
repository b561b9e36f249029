"""Runs one attempt, as a process of its own: `python -m zcnas.organiser.serving.job`.

An order comes in on stdin, a results folder comes out: the run is the one of `zcnas score`, with
one submission on one CPU. A process that is killed leaves a folder that the next one resumes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from zcnas.errors import OrganiserError
from zcnas.isolation.choice import choose_isolation
from zcnas.organiser.competition import Competition, load_halves
from zcnas.organiser.competition.cluster_host import CLUSTER_SHARD, ClusterIsolation, cluster_pool
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.organiser.serving.orders import Order, obey

PREDECESSOR_S = 30.0
"""How long to wait for the process of a killed server to let go of the folder."""


class JobOrder(Order, frozen=True, kw_only=True):
    """What a job is told.

    Attributes:
        data: Folder of datasets' files; "" for none.
        isolation: Where the submission runs.
        cpus: The server's CPUs; the job runs on whichever is free, on one at a time.
        scheduler: A cluster's, on which it runs instead; "" for this machine.
        archive: The attempt's zip.
        out: The results folder.
    """

    data: str
    isolation: str
    cpus: tuple[int, ...]
    scheduler: str
    archive: str
    out: str


def run(order: JobOrder) -> None:
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
    if order.scheduler:
        competition = Competition(
            order.phase, halves, ClusterIsolation(), [], results.path,
            shard=CLUSTER_SHARD, pool=cluster_pool(order.scheduler),
        )  # fmt: skip
    else:
        isolation = choose_isolation(order.isolation, order.phase, _say)
        competition = Competition(
            order.phase, halves, isolation, list(order.cpus), results.path, slots=1
        )
    competition.run([Path(order.archive)])


def main() -> int:
    """Run the order on stdin; return the exit code."""
    return obey(JobOrder, run)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    raise SystemExit(main())

"""A host of a cluster: what the competition has run on one of its workers.

It needs this package, a Docker engine, the image, and nothing else: an evaluation brings the rest.
Participants' code runs in the container and never in the worker's process.
"""

from __future__ import annotations

import functools
import os
import socket
from collections.abc import Callable
from pathlib import Path

from zcnas.errors import OrganiserError, UsageError
from zcnas.ingestion.gauge import Gauge
from zcnas.isolation import Isolation, IsolationName, Worker, WorkerPlace
from zcnas.isolation.compiled import digest_of_compiled
from zcnas.isolation.container import DESCRIPTION, DockerIsolation
from zcnas.isolation.engine import connect
from zcnas.isolation.image import FINGERPRINT_LABEL, IMAGE
from zcnas.isolation.machine import Interruption, parse_cpus
from zcnas.isolation.owners import make_owned_folder, remove_left_folders
from zcnas.isolation.program import stage_worker
from zcnas.isolation.strays import remove_strays
from zcnas.jobs import Report
from zcnas.jobs.pools import JobPool
from zcnas.organiser.competition.evaluation import Task
from zcnas.organiser.competition.host import Host
from zcnas.submissions import digest_of

CLUSTER_SHARD = 100
"""Architectures of one job on a cluster, unless something else is asked for.

A job's worker takes seconds to start, and a lost host loses what it has not reported.
"""
CPUS_VARIABLE = "ZCNAS_CPUS"
"""Environment variable of a cluster's worker: which CPUs of its host it may use; all by default."""


def run_on_cluster(task: Task, report: Report, interrupted: Interruption) -> None:
    """Do a task in a container of this host.

    Raises:
        OrganiserError: This host is at fault.
    """
    isolation = _isolation(task.image)
    program, digest, compiled = _program(task.plugins)
    try:
        cpus = parse_cpus(os.environ.get(CPUS_VARIABLE, ""))
    except UsageError as error:
        raise OrganiserError(f"{CPUS_VARIABLE} of {socket.gethostname()}: {error}") from None
    host = Host(cpus, isolation, program, digest, _gauge(task.run), compiled)
    host.run(task, report, interrupted)


def cluster_pool(scheduler: str) -> Callable[[], JobPool]:
    """Return what makes a run's job pool on a cluster.

    Raises:
        UsageError: The address of the scheduler, or its certificates, are not as they must be.
    """
    from zcnas.jobs.cluster import ClusterPool, security_for

    security_for(scheduler)
    return lambda: ClusterPool(scheduler, run_on_cluster)


class ClusterIsolation:
    """Containers on the hosts of a cluster; none is ever started on this machine."""

    name: IsolationName = "docker"
    description = f"{DESCRIPTION.format('')}, on a cluster"
    contained = True

    def start(self, place: WorkerPlace) -> Worker:
        """Refuse.

        Raises:
            OrganiserError: Always.
        """
        raise OrganiserError("with --scheduler no worker is started on this machine")


@functools.cache
def _program(plugins: tuple[str, ...]) -> tuple[Path, str, str]:
    """Return the folder workers are started from and both digests; made once per process."""
    program = stage_worker(make_owned_folder("program") / "program", plugins)
    return program, digest_of(program), digest_of_compiled(program)


@functools.lru_cache(1)
def _gauge(run: str) -> Gauge:
    """Return what is known of this host's CPUs in a run."""
    return Gauge()


def _isolation(image_sha256: str) -> Isolation:
    """Return containers of the image the organiser has.

    Raises:
        OrganiserError: No engine answers here, or the image is missing or of a different version.
    """
    from docker.errors import DockerException

    isolation = _containers()
    try:
        labels = isolation.client.images.get(IMAGE).labels
    except DockerException as error:
        raise OrganiserError(
            f"host {socket.gethostname()} has no image {IMAGE} ({error}); run `zcnas image` there"
        ) from None
    if labels.get(FINGERPRINT_LABEL) != image_sha256:
        raise OrganiserError(
            f"host {socket.gethostname()} has a different {IMAGE} than the organiser's machine; "
            f"run `zcnas image` there with the same version"
        )
    return isolation


@functools.lru_cache(1)
def _containers() -> DockerIsolation:
    """Return the containers of this host, without what an earlier worker process has left."""
    isolation = DockerIsolation(connect(), IMAGE)
    remove_strays(isolation)
    remove_left_folders()
    return isolation

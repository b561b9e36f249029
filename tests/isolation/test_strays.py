"""Containers that a killed run leaves behind, found by their owner's mark."""

import contextlib
import os
import subprocess
import sys

import psutil
import pytest

from zcnas.errors import OrganiserError
from zcnas.isolation import WorkerPlace
from zcnas.isolation.owners import owner_is_gone, owner_mark
from zcnas.isolation.strays import remove_own, remove_strays

START_AND_DIE = """
import os, signal, sys
from pathlib import Path
from zcnas.isolation import WorkerPlace
from zcnas.isolation.container import DockerIsolation, connect
from zcnas.isolation.image import IMAGE
from zcnas.isolation.owners import owner_mark
from zcnas.phases import load_phase
limits = load_phase(Path(sys.argv[3]), "practice").limits
place = WorkerPlace(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[4]), limits, print)
DockerIsolation(connect(), IMAGE).start(place)
print(owner_mark(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def owners(engine):
    listed = engine.api.containers(all=True, filters={"label": "zcnas.owner"})
    return [container["Labels"]["zcnas.owner"] for container in listed]


def test_a_process_has_the_same_mark_for_life_and_is_gone_after_it():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = owner_mark(child.pid)
    assert owner_mark(child.pid) == mark
    assert not owner_is_gone(mark)
    child.communicate(b"\n")
    assert owner_is_gone(mark)


def test_a_process_number_used_again_is_another_owner():
    boot, namespace, pid, started = owner_mark().split("/")
    assert owner_is_gone(f"{boot}/{namespace}/{pid}/{float(started) - 1:.2f}")
    assert not owner_is_gone("/".join((boot, namespace, pid, started)))


@pytest.mark.parametrize("mark", ["", "nonsense", "another-boot/1/1/1.00", "a/b/c/d"])
def test_nothing_is_said_of_the_processes_of_other_machines(mark):
    assert not owner_is_gone(mark)


@pytest.mark.container
def test_a_killed_runs_containers_are_removed_and_a_living_runs_are_kept(
    program, engine, docker_isolation, limits, tmp_path, repository
):
    cpu = min(os.sched_getaffinity(0))
    killed = subprocess.run(
        [
            *(sys.executable, "-c", START_AND_DIE, program, tmp_path),
            *(repository / "reference_data" / "phases.toml", str(cpu)),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    worker = docker_isolation.start(WorkerPlace(program, tmp_path, cpu, limits, lambda text: None))
    try:
        mark = killed.stdout.strip()
        assert mark in owners(engine)
        assert not psutil.pid_exists(int(mark.split("/")[2]))
        assert remove_strays(docker_isolation) >= 1
        assert mark not in owners(engine)
        assert owner_mark() in owners(engine)
        assert remove_own(docker_isolation) >= 1
        assert owner_mark() not in owners(engine)
    finally:
        with contextlib.suppress(OrganiserError):  # its container has just been removed
            worker.stop()

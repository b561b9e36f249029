"""Containers that a killed run leaves behind, found by their owner's mark."""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from tests.patience import wait_until
from zcnas.errors import OrganiserError
from zcnas.isolation import WorkerPlace
from zcnas.isolation.owners import (
    left_folders,
    owned_folder,
    owner_is_gone,
    owner_mark,
    remove_left_folders,
)
from zcnas.isolation.strays import remove_own, remove_strays

START_AND_DIE = """
import os, signal, sys
from pathlib import Path
from zcnas.isolation import WorkerPlace
from zcnas.isolation.container import DockerIsolation
from zcnas.isolation.engine import connect
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
    machine, pid, started = owner_mark().rsplit("/", 2)
    assert owner_is_gone(f"{machine}/{pid}/{int(started) - 1}")
    assert not owner_is_gone(f"{machine}/{pid}/{started}")


def test_a_clock_that_is_set_ends_nobody(monkeypatch):
    """The kernel tells the time of its start by the clock, so a mark must not depend on it."""
    mark = owner_mark()
    monkeypatch.setattr(psutil, "boot_time", lambda: 0.0)
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert owner_mark() == mark
    assert not owner_is_gone(mark)
    _, pid, started = mark.rsplit("/", 2)
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    assert started == ticks


def test_a_process_that_nobody_has_reaped_is_gone():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = owner_mark(child.pid)
    child.kill()
    wait_until(lambda: owner_is_gone(mark), "it never ends")
    child.communicate()


def test_marks_of_a_version_that_tells_time_otherwise_are_left_alone():
    boot, namespace = owner_mark().split("/")[:2]
    assert not owner_is_gone(f"{boot}/{namespace}/{os.getpid()}/1764195623.25")


def test_folders_of_killed_processes_are_removed_and_those_of_living_ones_kept(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = (
        "import os; from zcnas.isolation.owners import make_owned_folder\n"
        "folder = make_owned_folder('run'); (folder / 'submission').touch()\n"
        "print(folder, flush=True); os.kill(os.getpid(), 9)"
    )
    child = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    left = Path(child.stdout.strip())
    (tmp_path / "zcnas-of-somebody").mkdir()
    (tmp_path / "zcnas-link").symlink_to(left)
    with owned_folder("run") as own:
        assert left_folders() == [left]
        assert remove_left_folders() == 1
        assert own.is_dir()
        assert not left.exists()
    assert {path.name for path in tmp_path.iterdir()} == {"zcnas-of-somebody", "zcnas-link"}


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
        assert not psutil.pid_exists(int(mark.split("/")[3]))
        assert remove_strays(docker_isolation) >= 1
        assert mark not in owners(engine)
        assert owner_mark() in owners(engine)
        assert remove_own(docker_isolation) >= 1
        assert owner_mark() not in owners(engine)
    finally:
        with contextlib.suppress(OrganiserError):  # its container has just been removed
            worker.stop()

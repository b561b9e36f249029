"""The container as a submission finds it, asked from inside a real one."""

import json
import os
import time
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from zcnas.errors import OrganiserError
from zcnas.isolation import FIRST_USER, WorkerPlace
from zcnas.isolation.container import ContainerWorker
from zcnas.isolation.engine import connect

INSIDE = """
import json, os, pathlib, resource, socket
import torch

MASKED = %r

def told(name):
    path = pathlib.Path(name)
    try:
        return bool(list(path.iterdir()) if path.is_dir() else path.read_bytes())
    except OSError:
        return False

def attempt(action):
    try:
        return str(action())
    except Exception as error:
        return type(error).__name__

def can_write(folder):
    try:
        pathlib.Path(folder, "probe").write_text("x")
        return True
    except OSError:
        return False

class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        status = dict(
            line.split(":", 1)
            for line in pathlib.Path("/proc/self/status").read_text().splitlines()
        )
        folders = [folder for folder, _, _ in os.walk("/") if not folder.startswith("/proc")]
        facts = {
            "uid": os.getuid(),
            "capabilities": status["CapEff"].strip() + status["CapPrm"].strip(),
            "bounding": status["CapBnd"].strip(),
            "no_new_privs": status["NoNewPrivs"].strip(),
            "cpus": len(os.sched_getaffinity(0)),
            "interfaces": os.listdir("/sys/class/net"),
            "connect": attempt(lambda: socket.create_connection(("192.0.2.1", 80), 2)),
            "writable": [folder for folder in folders if can_write(folder)],
            "scratch": os.statvfs("/scratch").f_blocks * os.statvfs("/scratch").f_frsize,
            "docker_socket": os.path.exists("/var/run/docker.sock"),
            "threads": torch.get_num_threads(),
            "shm": os.path.isdir("/dev/shm"),
            "widen": attempt(lambda: os.sched_setaffinity(0, range(64)) or os.sched_getaffinity(0)),
            "program": sorted(os.listdir("/app/program")),
            "environment": sorted(os.environ),
            "core": resource.getrlimit(resource.RLIMIT_CORE),
            "told": [name for name in MASKED if told(name)],
        }
        print(json.dumps(facts))
        return 1
"""
MASKED = (
    # The engine's own list, as Moby's oci/defaults.go had it in 2020 and has it today.
    *("/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys"),
    *("/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug"),
    *("/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"),
    *("/proc/locks", "/proc/loadavg", "/proc/pressure", "/proc/vmstat", "/proc/diskstats"),
    *("/proc/sys/fs/file-nr", "/proc/sys/kernel/ns_last_pid"),
)


def test_our_own_worker_never_runs_as_the_images_user(tmp_path, limits):
    create = Mock(side_effect=InterruptedError)
    client = SimpleNamespace(
        api=Mock(create_container=create, create_host_config=Mock(return_value={}))
    )
    place = WorkerPlace(cpu=3, limits=limits, program=tmp_path, submission=tmp_path, log=bytes)
    with pytest.raises(InterruptedError):
        ContainerWorker(client, "image", place)
    user = str(FIRST_USER + 3)
    assert client.api.create_container.call_args.kwargs["user"] == f"{user}:{user}"


@pytest.mark.container
def test_the_container_has_one_cpu_no_network_no_rights_and_one_writable_folder(
    ingest_source, engine, docker_isolation, limits, small, own_cpu
):
    source = INSIDE % (MASKED,)
    predictions, _, recording = ingest_source(source, docker_isolation, specs=(small,))
    assert predictions[0].status == "ok", predictions[0].message
    log = recording.log
    facts = json.loads(next(line for line in log.splitlines() if line.startswith("{")))
    assert facts["uid"] == FIRST_USER + own_cpu
    assert int(facts["capabilities"], 16) == int(facts["bounding"], 16) == 0
    assert facts["no_new_privs"] == "1"
    assert facts["cpus"] == 1
    assert facts["interfaces"] == ["lo"]
    assert facts["connect"] == "PermissionError"
    assert facts["writable"] == ["/scratch"]
    assert facts["scratch"] == limits.scratch_mb << 20
    assert facts["docker_socket"] is False
    assert facts["threads"] == 1
    assert facts["shm"] is False
    assert facts["widen"] == "PermissionError"
    assert facts["program"] == ["naslib", "torchvision", "worker.py", "zcnas"]
    assert not [name for name in facts["environment"] if "ZCNAS" in name]
    assert facts["core"] == [0, 0]
    assert facts["told"] == []


@pytest.mark.container
def test_the_engine_is_told_every_limit(program, engine, docker_isolation, limits, tmp_path):
    place = WorkerPlace(program, tmp_path, min(os.sched_getaffinity(0)), limits, lambda text: None)
    worker = docker_isolation.start(place)
    (container,) = engine.containers.list(filters={"label": f"zcnas.worker={os.getpid()}"})
    host = container.attrs["HostConfig"]
    try:
        assert host["CpusetCpus"] == str(place.cpu)
        assert host["NetworkMode"] == "none"
        assert host["ReadonlyRootfs"] is True
        assert host["Memory"] == host["MemorySwap"] == limits.memory_mb << 20
        assert host["PidsLimit"] == limits.processes
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges"]
        assert host["IpcMode"] == "none"
        assert host["LogConfig"]["Type"] == "none"
        assert all(mount["RW"] is False for mount in container.attrs["Mounts"])
        assert {mount["Destination"] for mount in container.attrs["Mounts"]} == {
            "/app/program",
            "/app/ingested_program",
        }
    finally:
        worker.stop()
    assert engine.containers.list(all=True, filters={"id": container.id}) == []


@pytest.mark.container
def test_stopping_ends_a_worker_within_seconds_and_may_be_repeated(
    program, engine, docker_isolation, limits, tmp_path
):
    place = WorkerPlace(program, tmp_path, min(os.sched_getaffinity(0)), limits, lambda text: None)
    worker = docker_isolation.start(place)
    begin = time.monotonic()
    worker.stop()
    assert time.monotonic() - begin < 9.5, "less than the ten seconds a container is given to end"
    worker.stop()


@pytest.mark.container
def test_a_cpu_that_does_not_exist_is_the_organisers_fault(
    program, engine, docker_isolation, limits, tmp_path
):
    place = WorkerPlace(program, tmp_path, 999, limits, lambda text: None)
    with pytest.raises(OrganiserError, match="on CPU 999: .*--cpus names the CPUs"):
        docker_isolation.start(place)


@pytest.mark.container
def test_a_missing_image_is_the_organisers_fault(
    program, engine, docker_isolation, limits, tmp_path
):
    from zcnas.isolation.container import DockerIsolation

    place = WorkerPlace(program, tmp_path, min(os.sched_getaffinity(0)), limits, lambda text: None)
    with pytest.raises(OrganiserError, match="No such image.*`zcnas image` builds"):
        DockerIsolation(engine, "zcnas-absent:latest").start(place)


def test_no_engine_is_the_organisers_fault_with_the_ways_out(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    with pytest.raises(OrganiserError, match="no Docker engine answers .*--isolation process"):
        connect()

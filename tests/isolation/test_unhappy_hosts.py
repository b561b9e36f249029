"""A machine that fails in the middle: our fault, with what to do, and no participant is charged."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from zcnas.errors import OrganiserError
from zcnas.isolation import WorkerPlace
from zcnas.isolation.container import DockerIsolation
from zcnas.isolation.engine import connect
from zcnas.isolation.image import IMAGE
from zcnas.isolation.process import ProcessIsolation

ROOT = Path(__file__).resolve().parents[2]
COUNTS = """
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return float(sum(p.numel() for p in graph.parameters()))
"""


class Switch:
    """A socket that leads to the real engine until it is switched off."""

    def __init__(self, path, engine):
        self._engine = engine
        self._open = []
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._engine)
            self._open += [near, far]
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    def _pump(self, source, target):
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)

    def off(self):
        for one in [self._server, *self._open]:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def local_engine():
    named = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not named.startswith("unix://"):
        pytest.skip(f"the engine is at {named}, no local socket")
    return named.removeprefix("unix://")


@pytest.mark.container
def test_an_engine_that_stops_under_a_worker_is_the_organisers_fault(
    engine, docker_isolation, program, limits, tmp_path, monkeypatch
):
    folder = Path("/tmp") / f"zcnas-switch-{os.getpid()}"  # a socket's path has 108 characters
    folder.mkdir()
    switch = Switch(folder / "s", local_engine())
    try:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{folder / 's'}")
        client = connect()
        cpu = min(os.sched_getaffinity(0))
        place = WorkerPlace(program, tmp_path, cpu, limits, lambda text: None)
        worker = DockerIsolation(client, IMAGE).start(place)
        mine = {"label": f"zcnas.worker={os.getpid()}"}
        left = engine.containers.list(filters=mine)
        switch.off()
        with pytest.raises(OrganiserError, match="the Docker engine is gone .*`zcnas doctor`"):
            worker.stop()
        client.close()
        for container in left:
            container.remove(force=True)
    finally:
        switch.off()
        shutil.rmtree(folder)


@pytest.mark.container
def test_a_container_that_somebody_removes_is_the_organisers_fault(
    engine, docker_isolation, program, limits, tmp_path
):
    cpu = min(os.sched_getaffinity(0))
    worker = docker_isolation.start(WorkerPlace(program, tmp_path, cpu, limits, lambda text: None))
    for container in engine.containers.list(filters={"label": f"zcnas.worker={os.getpid()}"}):
        container.remove(force=True)
    with pytest.raises(OrganiserError, match="somebody removed .*`zcnas doctor`"):
        worker.stop()


def test_a_clock_that_jumps_changes_no_result(ingest_source, small, monkeypatch):
    jumps = iter(range(10**6))
    monkeypatch.setattr(time, "time", lambda: 1e9 + (-1) ** next(jumps) * 1e7)
    predictions, manifest, _ = ingest_source(COUNTS, ProcessIsolation(), specs=(small,) * 2)
    assert [prediction.status for prediction in predictions] == ["ok", "ok"]
    assert all(prediction.wall_time_s < 60 for prediction in predictions)
    assert 0 < manifest.public.wall_time_s < 600


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
@pytest.mark.parametrize("size", ["8k", pytest.param("64k", marks=pytest.mark.slow)])
def test_a_full_disk_is_the_organisers_fault_and_no_participant_is_charged(tmp_path, size):
    """A disk of that size, in a mount namespace of the command alone."""
    submission = tmp_path / "mine"
    submission.mkdir()
    shout = COUNTS.replace("return", "print('x' * 60_000, flush=True); return")
    (submission / "predictor.py").write_text(shout)
    out = tmp_path / "disk"
    out.mkdir()
    zcnas = Path(sys.executable).parent / "zcnas"
    command = (
        f"mount -t tmpfs -o size={size} none {out} && {zcnas} score {submission} "
        f"--isolation process --benchmark nasbench201_imagenet16_120 --out {out}/out; "
        f"code=$?; cat {out}/out/leaderboard.json 2>/dev/null; exit $code"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", command],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 3, said
    assert "Traceback" not in said
    assert "No space left on device" in said
    assert '"scored"' not in said

"""Ours or theirs: who is charged when a worker is lost, and what a lost machine costs."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.patience import WAIT_S, wait_until
from zcnas.errors import OrganiserError
from zcnas.isolation.image import IMAGE
from zcnas.isolation.process import ProcessIsolation
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.worker.channel import MAX_REQUEST_BYTES, receive_frame, send_frame

from .conftest import outcome
from .private_engine import PrivateEngine

ZCNAS = Path(sys.executable).parent / "zcnas"
BENCHMARK = "nasbench201_imagenet16_120"
SEVEN = "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None): return 7\n"
SLEEPS = SEVEN.replace("return 7", "__import__('time').sleep(1000)")


class Struck(ProcessIsolation):
    """An isolation whose workers are killed from outside, while their first query is in flight.

    ``dead_after`` counts how many can be started at all.
    """

    def __init__(self, kills, dead_after=99):
        super().__init__()
        self.kills, self.starts, self.dead_after = kills, 0, dead_after

    def start(self, place):
        self.starts += 1
        if self.starts > self.dead_after:
            raise OrganiserError("the engine is gone")
        worker = super().start(place)
        if self.kills and place.submission.name == "submission":
            self.kills -= 1
            strike_at_first_query(worker)
        return worker


def strike_at_first_query(worker):
    """Stand between the recorder and a worker, and kill it when the first query arrives."""
    requests, writer = os.pipe()
    os.set_blocking(writer, False)
    to_worker, worker.stdin = worker.stdin, writer

    def relay():
        send_frame(to_worker, receive_frame(requests, MAX_REQUEST_BYTES))
        receive_frame(requests, MAX_REQUEST_BYTES)
        os.kill(worker._process.pid, signal.SIGKILL)
        os.close(requests)
        os.close(writer)

    threading.Thread(target=relay).start()


def test_a_worker_killed_once_from_outside_costs_the_participant_nothing(ingest_source, small):
    struck = Struck(kills=1)
    predictions, manifest, _ = ingest_source(SEVEN, struck, specs=(small,) * 2)
    assert [prediction.score for prediction in predictions] == [7.0, 7.0]
    assert struck.starts == 3, "the worker, the canary, the worker again"
    assert manifest.public.worker_starts == 2


def test_a_worker_lost_twice_on_one_query_is_the_participants_fault(ingest_source, small):
    predictions, _, _ = ingest_source(SEVEN, Struck(kills=2), specs=(small,) * 2)
    assert [prediction.status for prediction in predictions] == ["killed", "ok"]


def test_a_lost_worker_is_ours_if_the_canary_cannot_be_started(ingest_source, small):
    with pytest.raises(OrganiserError, match="the engine is gone"):
        ingest_source(SEVEN, Struck(kills=1, dead_after=1), specs=(small,) * 2)


def test_a_lost_worker_is_ours_if_the_canary_is_lost_too(ingest_source, small):
    class Everything(Struck):
        def start(self, place):
            worker = ProcessIsolation().start(place)
            strike_at_first_query(worker)
            return worker

    with pytest.raises(OrganiserError, match="our own trivial submission failed .*killed"):
        ingest_source(SEVEN, Everything(0), specs=(small,))


LOOKS_LOST = """
import os, signal, socket, time
import torch

def close_everything():
    os.closerange(0, 4096)
    time.sleep(1000)

def kill_everybody():
    os.kill(-1, signal.SIGKILL)
    os.kill(1, signal.SIGKILL)
    time.sleep(1000)

def stop_the_worker():
    os.kill(os.getppid(), signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)

def fork_until_it_fails():
    while True:
        if os.fork() == 0:
            time.sleep(1000)

def fill_the_disk():
    with open("/scratch/full", "wb") as file:
        while True:
            file.write(bytes(1 << 20))

def take_all_memory():
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))

def write_to_every_descriptor():
    for number in range(3, 64):
        try:
            os.write(number, b"\\0" * 65536)
        except OSError:
            pass
    os._exit(0)

TRICKS = [close_everything, kill_everybody, stop_the_worker, fork_until_it_fails, fill_the_disk,
          take_all_memory]

class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        convolutions = sum(isinstance(m, torch.nn.Conv2d) for m in graph.modules())
        trick = (convolutions - FEWEST) // 15
        if trick < len(TRICKS):
            TRICKS[trick]()
        return 7
"""


@pytest.mark.slow  # as the attack `pretends_a_lost_machine`
@pytest.mark.container
def test_a_submission_that_looks_like_a_lost_machine_is_charged_and_costs_nobody_else(
    ingest_source, docker_isolation, tight_limits
):
    """Six tricks in six queries, an honest seventh; whatever it does, no fault is ours."""
    specs = tuple(
        str(NasBench201Spec(("nor_conv_3x3",) * count + ("skip_connect",) * (6 - count)))
        for count in range(7)
    )
    from zcnas.benchmarks import BENCHMARKS
    from zcnas.search_spaces import build_network, parse_spec

    network = build_network(parse_spec("nasbench201", specs[0]), BENCHMARKS["nasbench201_cifar10"])
    fewest = sum(type(module).__name__ == "Conv2d" for module in network.modules())
    source = LOOKS_LOST.replace("FEWEST", str(fewest))
    predictions, manifest, _ = ingest_source(
        source, docker_isolation, specs=specs, limits=tight_limits
    )
    assert {prediction.status for prediction in predictions[:6]} <= {
        *("killed", "timeout", "memory", "error"),
    }, [prediction.message for prediction in predictions]
    assert predictions[6].score == 7.0
    assert manifest.public.setup_status == "ok"


@pytest.fixture
def private_engine(docker_isolation):
    assert docker_isolation
    engine = PrivateEngine(IMAGE)
    yield engine
    engine.close()


@pytest.mark.slow
@pytest.mark.container
def test_a_killed_daemon_is_an_organiser_error_and_the_same_command_again_finishes(
    private_engine, params_outcome, repository, tmp_path
):
    sample = repository / "starting_kit" / "submissions" / "params"

    def score():
        return subprocess.Popen(
            [
                *(ZCNAS, "score", sample, "--benchmark", BENCHMARK, "--isolation", "docker"),
                *("--out", tmp_path / "docker"),
            ],
            env={**os.environ, "DOCKER_HOST": private_engine.host, "COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def lines():
        path = tmp_path / "docker" / "submissions" / "params" / f"{BENCHMARK}.predictions.jsonl"
        return path.read_text().splitlines() if path.exists() else []

    moment = random.randrange(1, 60)
    print("killed after", moment, "lines")
    first = score()
    wait_until(lambda: len(lines()) >= moment or first.poll() is not None, "no progress")
    first.send_signal(signal.SIGSTOP)  # or it might finish before the daemon is dead
    private_engine.kill()
    first.send_signal(signal.SIGCONT)
    said, _ = first.communicate(timeout=WAIT_S)
    assert first.returncode == 3, said
    assert "organiser_error" in said
    board = json.loads((tmp_path / "docker" / "leaderboard.json").read_text())
    assert (board["entries"][0]["score"], board["entries"][0]["rank"]) == (None, None)
    assert not (tmp_path / "docker" / "submissions" / "params" / "scores.json").exists()
    events = (tmp_path / "docker" / "events.jsonl").read_text()
    assert events.count('"job_failed"') == 3, "the first attempt and two more"
    kept = lines()
    assert len(kept) < 100
    assert all('"status":"ok"' in line for line in kept)

    private_engine.start()
    second = score()
    said, _ = second.communicate(timeout=2 * WAIT_S)
    assert second.returncode == 0, said
    assert lines()[: len(kept)] == kept
    assert outcome(tmp_path / "docker") == params_outcome


@pytest.mark.container
def test_ctrl_c_ends_a_run_within_seconds_and_leaves_no_container(
    engine, docker_isolation, tmp_path
):
    """Sooner than the minute after which a query that waits is stopped anyway."""
    from zcnas.isolation.owners import owner_mark

    submission = tmp_path / "sleeper"
    submission.mkdir()
    (submission / "predictor.py").write_text(SLEEPS)
    process = subprocess.Popen(
        [
            *(ZCNAS, "score", submission, "--isolation", "docker", "--out", tmp_path / "out"),
            *("--benchmark", BENCHMARK),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    mark = owner_mark(process.pid)

    def containers():
        return engine.api.containers(all=True, filters={"label": f"zcnas.owner={mark}"})

    wait_until(
        lambda: any(container["State"] == "running" for container in containers()),
        "no container was started",
    )
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=50)
    assert containers() == []

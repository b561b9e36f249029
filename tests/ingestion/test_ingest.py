"""What the recorder promises: seeds, order, isolation between queries, logs, limits, manifests."""

import json
from pathlib import Path

import msgspec
import pytest

from zcnas.errors import OrganiserError
from zcnas.isolation import Worker, WorkerPlace
from zcnas.isolation.process import ProcessIsolation

ROOT = Path(__file__).resolve().parents[2]

WEIGHTS = """
import random
import numpy as np
import torch

class ZeroCostPredictor:
    method_type = "weights"
    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        drawn = random.random() + np.random.rand() + torch.rand(1).item()
        return sum(p.abs().sum().item() for p in graph.parameters()) + inputs.sum().item() + drawn
"""


def scores(predictions):
    return {prediction.id: prediction.score for prediction in predictions}


def test_a_predictor_that_counts_its_calls_gives_every_architecture_the_same_score(
    ingest_source, isolation, small
):
    source = """
class ZeroCostPredictor:
    calls = 0
    def query(self, graph, dataloader=None):
        type(self).calls += 1
        return self.calls
"""
    predictions, _, _ = ingest_source(source, isolation, specs=(small,) * 4)
    assert [prediction.score for prediction in predictions] == [1.0] * 4


def test_two_runs_give_the_same_scores_to_the_last_bit(ingest_source, isolation, big, small):
    first, _, _ = ingest_source(WEIGHTS, isolation, specs=(big, small))
    second, _, _ = ingest_source(WEIGHTS, isolation, specs=(big, small))
    assert scores(first) == scores(second)


def test_shuffled_order_gives_the_same_scores(ingest_source, big, small):
    forwards, _, _ = ingest_source(WEIGHTS, ProcessIsolation(), specs=(big, small))
    backwards, _, _ = ingest_source(WEIGHTS, ProcessIsolation(), specs=(small, big))
    assert [p.score for p in forwards] == [p.score for p in reversed(backwards)]
    assert forwards[0].score != forwards[1].score


def test_another_eval_seed_gives_other_weights(ingest_source, big):
    first, _, _ = ingest_source(WEIGHTS, ProcessIsolation(), specs=(big,), eval_seed=1)
    other, _, _ = ingest_source(WEIGHTS, ProcessIsolation(), specs=(big,), eval_seed=2)
    assert first[0].score != other[0].score


@pytest.mark.container
def test_a_container_and_a_process_give_the_same_scores(
    ingest_source, docker_isolation, big, small
):
    in_process, _, _ = ingest_source(WEIGHTS, ProcessIsolation(), specs=(big, small))
    in_container, _, _ = ingest_source(WEIGHTS, docker_isolation, specs=(big, small))
    assert scores(in_process) == scores(in_container)


def test_infinities_are_scores(ingest_source, small):
    source = """
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return float("-inf")
"""
    predictions, _, recording = ingest_source(source, ProcessIsolation(), specs=(small,))
    assert (predictions[0].status, predictions[0].value) == ("ok", float("-inf"))
    line = msgspec.json.encode(recording.predictions[0])
    assert json.loads(line)["score"] == "-inf"


def test_set_up_is_called_once_in_order_and_its_state_is_seen_by_every_query(
    ingest_source, isolation, small
):
    source = """
class ZeroCostPredictor:
    def __init__(self):
        self.calls = []
    def set_ss_type(self, ss_type):
        self.calls.append(ss_type)
    def pre_process(self):
        self.calls.append("pre_process")
    def query(self, graph, dataloader=None):
        assert self.calls == ["nasbench201", "pre_process"], self.calls
        return 3
"""
    predictions, _, _ = ingest_source(source, isolation, specs=(small,) * 3)
    assert [prediction.score for prediction in predictions] == [3.0] * 3


SLEEPS = "import time; time.sleep(1000)"
EXITS = "import os; os._exit(3)"
EXITED = "in set-up: the worker is gone: os._exit(3) was called (predictor.py, line 1)"


def expect_set_up_to_fail(ran, status, message):
    """Check that every architecture failed alike, for the reason that set-up failed for."""
    predictions, manifest, _ = ran
    assert [prediction.status for prediction in predictions] == [status] * 2
    assert all(message in prediction.message for prediction in predictions)
    assert manifest.public.setup_status == status
    unexplained = status == "killed" and "was called" not in message
    assert manifest.public.worker_starts == (2 if unexplained else 1)


@pytest.mark.parametrize(
    ("source", "status", "message"),
    [
        ("def broken(:", "error", "SyntaxError: invalid syntax"),
        ("import tensorflow", "error", "No module named 'tensorflow'"),
        ("class ZeroCostPredictor:\n    pass", "error", "no method query"),
        (
            "class ZeroCostPredictor:\n    def query(self): return 1",
            "error",
            "expected query(self, graph, dataloader=None)",
        ),
        pytest.param(
            "import ctypes; ctypes.CDLL(None)._exit(3)",
            "killed",
            "in set-up: the worker is gone",
            marks=pytest.mark.slow,
        ),
        (
            "class ZeroCostPredictor:\n    def pre_process(self): raise ValueError('no data')\n"
            "    def query(self, graph): return 1",
            "error",
            "in set-up: ValueError: no data",
        ),
    ],
)
def test_a_fault_in_set_up_fails_every_architecture_with_the_reason(
    ingest_source, limits, source, status, message
):
    ran = ingest_source(source, ProcessIsolation(), limits=limits)
    expect_set_up_to_fail(ran, status, message)


@pytest.mark.parametrize(
    ("source", "status", "message"),
    [
        ("class Other: pass", "error", "does not define a class ZeroCostPredictor"),
        (SLEEPS, "timeout", "in set-up: no answer within 4 s"),
        (EXITS, "killed", EXITED),
    ],
)
def test_set_up_may_raise_sleep_or_end_its_worker_wherever_it_runs(
    ingest_source, isolation, limits, source, status, message
):
    if status == "timeout":
        limits = msgspec.structs.replace(limits, setup_s=4)
    ran = ingest_source(source, isolation, limits=limits)
    expect_set_up_to_fail(ran, status, message)


def test_what_the_participant_prints_is_in_a_capped_log_and_nowhere_else(
    ingest_source, isolation, limits, small
):
    source = """
import os, sys
print("loading", file=sys.stderr)
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        print("hello from a print")
        os.write(1, b"raw bytes \\x1b[2J on stdout\\n")
        for _ in range(300):
            print("x" * 1000)
        return 1
"""
    predictions, _, recording = ingest_source(source, isolation, specs=(small,) * 2)
    assert [prediction.score for prediction in predictions] == [1.0] * 2
    log = recording.log
    assert "loading" in log
    assert "hello from a print" in log
    assert "\x1b" not in log
    assert "size limit is reached" in log
    assert len(log) < limits.log_kb * 1024 + 500


def test_a_traceback_stands_in_the_log_under_its_architecture(ingest_source, small):
    source = """
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        raise ValueError("deep inside")
"""
    _, _, recording = ingest_source(source, ProcessIsolation(), specs=(small,))
    log = recording.log
    assert log.index("--- 00000000") < log.index("Traceback")
    assert 'predictor.py", line 4, in query' in log


def test_times_are_measured_outside_and_in_seconds(ingest_source, isolation, small):
    source = """
import time
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        end = time.process_time() + 1
        while time.process_time() < end: pass
        time.sleep(1)
        return 1
"""
    predictions, _, _ = ingest_source(source, isolation, specs=(small,))
    cpu, wall = predictions[0].cpu_time_s, predictions[0].wall_time_s
    assert cpu >= 1.0
    assert cpu + 0.9 <= wall < 100, "the second of sleep costs no CPU time"
    assert 50 < predictions[0].peak_memory_mb < 1000


def test_the_manifest_tells_everybody_how_and_only_the_organiser_the_seeds(
    ingest_source, isolation, limits, small
):
    limits = msgspec.structs.replace(limits, query_cpu_s=17)
    _, _, recording = ingest_source(WEIGHTS, isolation, specs=(small,), limits=limits)
    written = msgspec.to_builtins(recording.manifests[-1])
    public = written["public"]
    assert public["isolation"] == isolation.name
    assert public["method"] == "weights"
    assert "torch 2.13.0" in public["versions"]["worker"]
    assert public["data_source"].startswith("synthetic fallback")
    assert public["limits"]["query_cpu_s"] == 17
    assert "seed" not in json.dumps(public)
    assert written["organiser"]["eval_seed"] == 5


def test_the_worker_has_one_cpu_one_thread_and_a_bare_environment(ingest_source, isolation, small):
    source = """
import os, torch
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        assert len(os.sched_getaffinity(0)) == 1, os.sched_getaffinity(0)
        assert torch.get_num_threads() == 1
        assert not [name for name in os.environ if "ZCNAS" in name or "DOCKER" in name], os.environ
        assert os.getcwd() == os.environ["TMPDIR"]
        return 1
"""
    predictions, _, _ = ingest_source(source, isolation, specs=(small,))
    assert predictions[0].message == ""
    assert predictions[0].score == 1.0


@pytest.mark.parametrize(
    ("attack", "message"),
    [
        pytest.param(
            "b'\\xff\\xff\\xff\\xff'", "frame of 4294967295 bytes", marks=pytest.mark.slow
        ),
        pytest.param("b'\\0\\0\\0\\x05abcde'", "not an answer", marks=pytest.mark.slow),
        ("(65).to_bytes(4, 'big') + bytes(65)", "another query than the one in flight"),
    ],
)
def test_a_spoofed_answer_is_the_participants_fault(ingest_source, attack, message, small):
    """The predictor, while loading, writes to every descriptor the worker has."""
    source = f"""
import os, stat
for fd in range(3, 1 << 16):
    try:
        if stat.S_ISFIFO(os.fstat(fd).st_mode):
            os.write(fd, {attack})
    except OSError:
        pass
class ZeroCostPredictor:
    def query(self, graph): return 1
"""
    predictions, _, _ = ingest_source(source, ProcessIsolation(), specs=(small,) * 2)
    assert [prediction.status for prediction in predictions] == ["error"] * 2
    assert message in predictions[0].message


class Broken:
    """An isolation whose worker dies before it has said hello."""

    name = "process"
    description = "broken"
    contained = False

    def start(self, place: WorkerPlace) -> Worker:
        (place.program / "worker.py").write_text("raise SystemExit('our own bug')")
        return ProcessIsolation().start(place)


def test_a_worker_that_dies_before_it_has_loaded_the_submission_is_the_organisers_fault(
    ingest_source, program, small
):
    original = (program / "worker.py").read_text()
    try:
        with pytest.raises(OrganiserError, match="nothing of the submission had been loaded"):
            ingest_source(WEIGHTS, Broken(), specs=(small,))
    finally:
        (program / "worker.py").write_text(original)


ALL_MINIBATCHES = """
import torch

class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        batches = list(dataloader)
        first = next(iter(dataloader))
        assert all(torch.equal(one, other) for one, other in zip(batches[0], first))
        assert len({inputs.sum().item() for inputs, _ in batches}) == len(batches)
        return sum(len(graph(inputs)) for inputs, _ in batches)
"""


def test_a_query_can_read_64_images_in_minibatches_of_the_same_size(
    ingest_source, isolation, small
):
    predictions, _, _ = ingest_source(ALL_MINIBATCHES, isolation, specs=(small,))
    assert [(each.status, each.score, each.message) for each in predictions] == [("ok", 64.0, "")]

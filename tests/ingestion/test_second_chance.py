"""A query is asked again only where others had its CPU: at the end, once, at its owner's cost.

The worker is a script with a clock of its own; what the kernel saw is what it says it saw.
"""

import threading
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets.synthetic import SyntheticImages
from zcnas.ingestion.ingest import IngestionJob, ingest
from zcnas.ingestion.recorder import Recorder
from zcnas.ingestion.sinks import Recording
from zcnas.isolation.machine import Machine
from zcnas.words.records import Architecture, BenchmarkInput, Prediction

KEY = "nasbench201_cifar10"
IDS = [f"{number:08x}" for number in range(4)]


def timed_out(token, cpu_time_s=0.0):
    return Prediction(
        id=token, status="timeout", cpu_time_s=cpu_time_s, wall_time_s=60.0, message="no answer"
    )


def job_of(folder, limits, second_chance=True):
    data = BenchmarkInput(
        benchmark=KEY, search_space="nasbench201", dataset="cifar10", batch_size=1,
        eval_seed=1, architectures=tuple(Architecture(token, "x") for token in IDS),
    )  # fmt: skip
    return IngestionJob(
        data=data,
        minibatch=SyntheticImages(BENCHMARKS[KEY].dataset).draw(1, np.random.default_rng(1)),
        submission=folder, submission_name="mine", submission_sha256="", program=folder,
        limits=limits, cpu=0, machine=Machine(interrupted=threading.Event()),
        second_chance=second_chance,
    )  # fmt: skip


@pytest.fixture
def asked(monkeypatch, limits, tmp_path):
    """A function that runs an ingestion on a plan and returns what was asked, in order.

    The plan says for each architecture how often it times out, and after how long a wait.
    """

    def run(plan, second_chance=True, cpu_time_s=0.0):
        order, left = [], {token: list(waits) for token, waits in plan.items()}

        def ask_once(self, architecture):
            order.append(architecture.id)
            waits = left.get(architecture.id)
            if not waits:
                return Prediction(id=architecture.id, status="ok", score=1.0)
            self._session.conversation.longest_wait_s = waits.pop(0)
            return timed_out(architecture.id, cpu_time_s)

        monkeypatch.setattr(Recorder, "_ask_once", ask_once)
        job = job_of(tmp_path, msgspec.structs.replace(limits, query_cpu_s=20), second_chance)
        recording = Recording()
        ingest(job, SimpleNamespace(name="process"), recording)
        assert sorted(each.id for each in recording.predictions) == IDS
        return order, {each.id: each.status for each in recording.predictions}

    return run


def test_a_query_that_waited_for_half_of_its_time_is_asked_again_at_the_end(asked):
    order, statuses = asked({IDS[1]: [30.0]})
    assert order == [*IDS, IDS[1]]
    assert set(statuses.values()) == {"ok"}


def test_a_query_that_slept_is_not_asked_again(asked):
    order, statuses = asked({IDS[1]: [0.0], IDS[2]: [29.9]})
    assert order == IDS
    assert statuses[IDS[1]] == statuses[IDS[2]] == "timeout"


def test_what_its_own_threads_used_is_no_waiting_for_others(asked):
    order, _ = asked({IDS[1]: [55.0]}, cpu_time_s=30.0)
    assert order == IDS


def test_there_is_one_second_chance_and_it_is_the_last(asked):
    order, statuses = asked({IDS[0]: [50.0, 50.0, 50.0], IDS[2]: [50.0]})
    assert order == [*IDS, IDS[0]]
    assert statuses == {**dict.fromkeys(IDS, "ok"), IDS[0]: "timeout", IDS[2]: "timeout"}


def test_a_job_without_a_second_chance_gives_none(asked):
    order, _ = asked({IDS[1]: [50.0]}, second_chance=False)
    assert order == IDS


def test_what_canaries_use_is_on_the_account_of_whoever_loses_workers(
    monkeypatch, limits, tmp_path
):
    """Canaries of 3 s, two for the first query and one for the next two, use up 10 s."""
    canaries = []

    def ask_once(self, architecture):
        if self._job.submission_name == "mine":
            self._session.conversation.loss = "gone"
            return Prediction(id=architecture.id, status="killed", message="the worker is gone")
        canaries.append(architecture.id)
        return Prediction(id=architecture.id, status="ok", score=1.0)

    def cpu_time_s(self):
        return 0.0 if self._job.submission_name == "mine" else 3.0

    monkeypatch.setattr(Recorder, "_ask_once", ask_once)
    monkeypatch.setattr(Recorder, "cpu_time_s", cpu_time_s)
    recording = Recording()
    job = job_of(tmp_path, msgspec.structs.replace(limits, benchmark_cpu_s=10))
    ingest(job, SimpleNamespace(name="process"), recording)
    assert [each.status for each in recording.predictions] == [*["killed"] * 3, "not_reached"]
    assert canaries == [IDS[0], IDS[0], IDS[1], IDS[2]]

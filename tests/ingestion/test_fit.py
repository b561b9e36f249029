"""``fit``: what a submission of the track few-labels is shown, its limits, and how it fails."""

import re

import msgspec
import pytest

from tests.conftest import BIG, SMALL
from zcnas.isolation.process import ProcessIsolation
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.words.labels import Label, Labels

SPECS = tuple(
    str(NasBench201Spec((op, "none", "nor_conv_1x1", "none", "skip_connect", "skip_connect")))
    for op in ("nor_conv_3x3", "nor_conv_1x1", "skip_connect")
)
LABELS = Labels(
    benchmark="nasbench201_cifar10",
    metric="made up",
    unit="percent",
    labels=tuple(Label(spec, 50.0 + n) for n, spec in enumerate((BIG, *SPECS))),
)
HEAD = """
import torch
class ZeroCostPredictor:
    track = "few-labels"
"""
SUMS = (
    HEAD
    + """
    def pre_process(self):
        self.told = []
    def fit(self, graphs, accuracies):
        assert len(graphs) == len(graphs[1:]) + 1 == 4
        for graph, accuracy in zip(graphs, accuracies):
            graph(torch.zeros(1, 3, 32, 32)).sum().backward()
            self.told.append((self.weight(graph), accuracy))
        assert self.weight(graphs[-1]) == self.told[-1][0], "the same weights each time"
        print("labels", accuracies, [round(w, 6) for w, _ in self.told])
    def query(self, graph, dataloader=None):
        graph(torch.zeros(1, 3, 32, 32)).sum().backward()
        return dict(self.told)[self.weight(graph)]
    @staticmethod
    def weight(graph):
        return float(sum(p.detach().double().sum() for p in graph.parameters()))
"""
)


def fitted(ingest_source, source, isolation=None, **named):
    named = {"labels": LABELS, "track": "few-labels", "specs": (BIG, SMALL), **named}
    return ingest_source(source, isolation or ProcessIsolation(), **named)


def test_fit_sees_the_networks_that_a_query_would(ingest_source, isolation):
    told = (BIG, *SPECS)
    predictions, manifest, recording = fitted(ingest_source, SUMS, isolation, specs=told)
    assert [each.score for each in predictions] == [50.0, 51.0, 52.0, 53.0], recording.log
    assert (manifest.public.labels, manifest.public.track) == (4, "few-labels")
    assert manifest.public.fit_wall_s > 0
    assert "--- fit\nlabels [50.0, 51.0, 52.0, 53.0]" in recording.log


@pytest.mark.parametrize("track", ["zero-shot", "transfer"])
def test_a_submission_of_another_track_gets_no_labels(ingest_source, small, track):
    source = """
class ZeroCostPredictor:
    def fit(self, graphs, accuracies): raise AssertionError
    def query(self, graph): return 1
"""
    predictions, manifest, _ = fitted(ingest_source, source, specs=(small,), track=track)
    assert (predictions[0].score, manifest.public.labels) == (1.0, 0)


def test_a_worker_that_is_lost_is_followed_by_one_that_learns_the_same(ingest_source):
    source = SUMS.replace(
        "        self.told = []\n",
        "        self.told, self.asked = [], 0\n"
        "        import os\n"
        "        def lose():\n"
        "            self.asked += 1\n"
        "            os.kill(os.getpid(), 9) if self.asked == 3 else None\n"
        "        os.register_at_fork(before=lose)\n",
    )
    predictions, manifest, recording = fitted(ingest_source, source, specs=(BIG, *SPECS))
    lines = re.findall("labels .*", recording.log)
    assert len(lines) == manifest.public.worker_starts > 1
    assert len(set(lines)) == 1
    assert [each.score for each in predictions] == [50.0, 51.0, 52.0, 53.0]


def test_combine_is_called_on_an_instance_that_was_fitted_as_well(ingest_source):
    source = (
        HEAD
        + """
    def fit(self, graphs, accuracies, dataloader):
        self.mean = sum(accuracies) / len(accuracies)
        self.images = len(next(iter(dataloader))[0])
    def query(self, graph, dataloader=None):
        return {"mean": self.mean, "images": self.images}
    def combine(self, answers):
        assert all(each == {"mean": self.mean, "images": self.images} for each in answers)
        return [self.mean + self.images] * len(answers)
"""
    )
    _, _, recording = fitted(ingest_source, source)
    assert [each.value for each in recording.outcomes] == [55.5, 55.5], recording.log


FAILURES = {
    "raises": ("raise ValueError('my fault')", "error", "in fit: ValueError: my fault"),
    "leaves": ("import os; os._exit(3)", "killed", "os._exit(3) was called (predictor.py, line 6)"),
    "holds": (
        "self.kept = [bytearray(1 << 28) and graph for graph in graphs]; bytearray(1 << 40)",
        "memory",
        "4 networks were held: keep what you compute from a network, not the network",
    ),
    "threads": (
        "import threading, time; threading.Thread(target=time.sleep, args=(9,)).start()",
        "error",
        "left threads running",
    ),
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name == "threads")) for name in FAILURES],
)
def test_a_fit_that_fails_fails_every_query_alike(ingest_source, name):
    body, status, message = FAILURES[name]
    source = f"{HEAD}    def fit(self, graphs, accuracies):\n        {body}\n"
    source += "    def query(self, graph): return 1\n"
    predictions, _, recording = fitted(ingest_source, source)
    assert {each.status for each in predictions} == {status}, recording.log
    assert all(message in each.message for each in predictions), predictions[0].message
    assert "predictor.py, line 6" in predictions[0].message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "while True: sum(range(1000))",
            "in fit: it used more than 2 s of CPU time (predictor.py, line 6)",
        ),
        pytest.param(
            "import time; time.sleep(60)",
            "in fit: answered after|in fit: no answer within",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_fit_that_is_too_slow_is_a_timeout_by_its_own_limit(ingest_source, limits, body, message):
    limits = msgspec.structs.replace(limits, fit_cpu_s=2)
    source = f"{HEAD}    def fit(self, graphs, accuracies):\n        {body}\n"
    source += "    def query(self, graph): return 1\n"
    predictions, _, _ = fitted(ingest_source, source, limits=limits)
    assert {each.status for each in predictions} == {"timeout"}
    expected = message if "|" in message else re.escape(message)
    assert re.match(expected, predictions[0].message), predictions[0].message


@pytest.mark.slow
def test_the_seconds_of_fit_are_not_the_queries(ingest_source, limits):
    limits = msgspec.structs.replace(limits, benchmark_cpu_s=30)
    body = (
        "import time; end = time.process_time() + 31\n        while time.process_time() < end: pass"
    )
    source = f"{HEAD}    def fit(self, graphs, accuracies):\n        {body}\n"
    source += "    def query(self, graph): return 1\n"
    predictions, manifest, _ = fitted(ingest_source, source, limits=limits)
    assert [each.status for each in predictions] == ["ok", "ok"]
    assert manifest.public.fit_cpu_s > 30


def test_networks_that_fit_keeps_are_named_in_the_log(ingest_source):
    source = f"{HEAD}    def fit(self, graphs, accuracies): self.kept = list(graphs[:3])\n"
    source += "    def query(self, graph): return 1\n"
    predictions, _, recording = fitted(ingest_source, source)
    assert [each.status for each in predictions] == ["ok", "ok"]
    assert "warning: fit keeps 3 of the 4 networks" in recording.log


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("", "states the track few-labels and has no method fit(self, graphs, accuracies)"),
        ("    def fit(self, graphs): pass\n", "fit(graphs) cannot be called"),
    ],
)
def test_a_fit_that_cannot_be_called_ends_the_set_up(ingest_source, small, method, message):
    source = f"{HEAD}{method}    def query(self, graph): return 1\n"
    predictions, _, _ = fitted(ingest_source, source, specs=(small,))
    assert predictions[0].status == "error"
    assert "in set-up: TypeError: " in predictions[0].message
    assert message in predictions[0].message

"""Whatever the recorder waits for, it ends within two seconds of an interruption."""

import os
import threading
import time

import pytest

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets.synthetic import SyntheticImages
from zcnas.errors import OrganiserError
from zcnas.ingestion.conversation import Conversation
from zcnas.isolation.machine import Machine
from zcnas.worker.channel import HELLO_NONCE

PROMISE_S = 2.0


class Silent:
    """A worker that has written these bytes, reads nothing, and says no more."""

    bounds = ""

    def __init__(self, written=b""):
        self._descriptors = [*os.pipe(), *os.pipe()]
        self.stdin, self.stdout = self._descriptors[1], self._descriptors[2]
        os.set_blocking(self.stdin, False)
        os.write(self._descriptors[3], written)
        self.stopped = False

    def cpu_time_s(self):
        return 0.0

    def memory_kills(self):
        return 0

    def longest_wait_s(self):
        return 0.0

    def stop(self):
        self.stopped = True
        return "stopped"

    def close(self):
        for descriptor in self._descriptors:
            os.close(descriptor)


def seconds_after(interrupted, wait):
    """Interrupt a wait that has begun; return how long it went on."""
    moment = []
    timer = threading.Timer(0.3, lambda: (moment.append(time.monotonic()), interrupted.set()))
    timer.start()
    with pytest.raises(OrganiserError, match="interrupted"):
        wait()
    timer.join()
    return time.monotonic() - moment[0]


KINDS = {
    "an answer": (b"", None),
    "the rest of a length": (b"\0", None),
    "the rest of a frame": (b"\0\0\0\x60one", None),
    "a worker that reads nothing": (b"", bytes(5_000_000)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_wait_for_a_worker_ends_at_once(kind):
    written, request = KINDS[kind]
    interrupted, worker = threading.Event(), Silent(written)
    conversation = Conversation(interrupted)
    conversation.begin(worker)
    after = seconds_after(interrupted, lambda: conversation.exchange(HELLO_NONCE, request, 1000))
    worker.close()
    assert after < PROMISE_S


def test_a_wait_for_a_cpu_ends_at_once(tmp_path):
    interrupted = threading.Event()
    with Machine([0], locks=tmp_path).lease():
        waiting = Machine([0], interrupted, tmp_path)
        assert seconds_after(interrupted, lambda: waiting.lease().__enter__()) < PROMISE_S


WAITS = {
    "set-up": "import time\ntime.sleep(1000)",
    "a query": (
        "import time\nclass ZeroCostPredictor:\n"
        "    def query(self, graph, dataloader=None): time.sleep(1000)"
    ),
    "fit": (
        "import time\nclass ZeroCostPredictor:\n    track = 'few-labels'\n"
        "    def fit(self, graphs, accuracies): time.sleep(1000)\n"
        "    def query(self, graph, dataloader=None): return 1.0"
    ),
    "half an answer": (
        "import os, sys, time\nworker = sys.modules['__main__']\n"
        "def stutter(descriptor, content, wait=None):\n"
        "    os.write(descriptor, bytes(1)); time.sleep(1000)\n"
        "class ZeroCostPredictor:\n"
        "    def pre_process(self): worker.channel.send_frame = stutter\n"
        "    def query(self, graph, dataloader=None): return 1.0"
    ),
}


@pytest.mark.parametrize("kind", WAITS)
def test_a_submission_cannot_keep_an_interrupted_run(
    kind, isolation, program, limits, small, big, tmp_path, own_cpu
):
    import numpy as np

    from zcnas.ingestion.ingest import IngestionJob, ingest
    from zcnas.ingestion.sinks import Recording
    from zcnas.words.labels import Label, Labels
    from zcnas.words.records import Architecture, BenchmarkInput
    from zcnas.words.tracks import FEW_LABELS, ZERO_SHOT

    key = "nasbench201_cifar10"
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / "predictor.py").write_text(WAITS[kind])
    for folder in (tmp_path / "submission", *list(tmp_path.parents)[:2], tmp_path):
        folder.chmod(0o755)
    data = BenchmarkInput(
        benchmark=key, search_space="nasbench201", dataset="cifar10", batch_size=4, eval_seed=1,
        architectures=(Architecture("0" * 8, small),),
    )  # fmt: skip
    minibatch = SyntheticImages(BENCHMARKS[key].dataset).draw(4, np.random.default_rng(1))
    interrupted = threading.Event()
    job = IngestionJob(
        data=data, minibatch=minibatch, submission=tmp_path / "submission",
        submission_name="mine", submission_sha256="", program=program, limits=limits, cpu=own_cpu,
        machine=Machine(interrupted=interrupted), track=FEW_LABELS if kind == "fit" else ZERO_SHOT,
        labels=Labels(benchmark=key, metric="accuracy", unit="percent", labels=(Label(big, 9.0),)),
    )  # fmt: skip
    started = threading.Event()

    class Begun:
        """An isolation that says when a worker has started."""

        name, contained, description = isolation.name, isolation.contained, ""

        def start(self, place):
            worker = isolation.start(place)
            started.set()
            return worker

    ended = []

    def run():
        with pytest.raises(OrganiserError, match="interrupted"):
            ingest(job, Begun(), Recording())
        ended.append(time.monotonic())

    thread = threading.Thread(target=run)
    thread.start()
    assert started.wait(120)
    time.sleep(4)  # for the worker to be where it waits; any earlier wait ends as soon
    begin = time.monotonic()
    interrupted.set()
    thread.join(60)
    assert ended[0] - begin < PROMISE_S

"""A competition on a real scheduler and real workers, in containers, and what ends them."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import WAIT_S, wait_until
from zcnas.words.combined import read_combined
from zcnas.words.result_files import ResultFiles

from .conftest import outcome

BENCHMARK = "nasbench201_imagenet16_120"
BIN = Path(sys.executable).parent


@pytest.fixture
def scored(cluster, tmp_path, repository):
    """A function that starts ``zcnas score`` on a cheap submission."""

    def start(out, *words, sample=repository / "starting_kit" / "submissions" / "params"):
        return subprocess.Popen(
            [
                *(BIN / "zcnas", "score", sample, "--benchmark", BENCHMARK, "--out", out),
                *words,
            ],
            env={**cluster.environment, "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start


def lines_in(out):
    path = out / "submissions" / "params" / f"{BENCHMARK}.predictions.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def wait_for_lines(process, out, count):
    wait_until(lambda: len(lines_in(out)) >= count or process.poll() is not None, "no progress")
    assert process.poll() is None, process.communicate()[0]


@pytest.mark.slow
@pytest.mark.container
def test_a_killed_worker_and_a_killed_scheduler_change_nothing_but_the_time(
    cluster, scored, docker_isolation, params_outcome, tmp_path
):
    out = tmp_path / "cluster"
    words = ("--scheduler", cluster.address, "--shard", "20")
    moments = sorted(random.sample(range(1, 80), 2))
    print("killed after", moments, "lines")
    first = scored(out, *words)
    wait_for_lines(first, out, moments[0])
    cluster.kill(cluster.workers.pop())
    cluster.workers.append(cluster.start_worker())
    wait_for_lines(first, out, moments[1])
    first.send_signal(signal.SIGSTOP)  # or it might finish before the scheduler is dead
    cluster.kill(cluster.scheduler)
    first.send_signal(signal.SIGCONT)
    said, _ = first.communicate(timeout=WAIT_S)
    assert first.returncode == 3, said
    assert f"the scheduler at {cluster.address} does not answer" in " ".join(said.split())
    kept = lines_in(out)
    for worker in cluster.workers:
        cluster.kill(worker)

    cluster.scheduler = cluster.start_scheduler()
    cluster.workers = [cluster.start_worker() for _ in range(2)]
    second = scored(out, *words)
    said, _ = second.communicate(timeout=2 * WAIT_S)
    assert second.returncode == 0, said
    assert set(kept) <= set(lines_in(out)), "lines of the first run, times included, are kept"
    assert outcome(out) == params_outcome


LEARNS = """
class ZeroCostPredictor:
    track = "few-labels"
    def fit(self, graphs, accuracies):
        self.learned = sum(accuracies) + sum(p.numel() for p in graphs[0].parameters())
    def query(self, graph, dataloader=None):
        return {"parameters": sum(p.numel() for p in graph.parameters()), "told": self.learned}
    def combine(self, answers):
        order = sorted(each["parameters"] for each in answers)
        return [order.index(each["parameters"]) + each["told"] for each in answers]
"""


@pytest.mark.slow
@pytest.mark.container
def test_labels_and_combined_answers_are_on_a_cluster_what_they_are_here(
    cluster, scored, docker_isolation, tmp_path
):
    sample = tmp_path / "learns"
    sample.mkdir()
    (sample / "predictor.py").write_text(LEARNS)
    scores = []
    for place, words in (
        ("cluster", ("--scheduler", cluster.address, "--shard", "50")),
        ("here", ()),
    ):
        out = tmp_path / place
        process = scored(out, "--phase", "practice_labels", *words, sample=sample)
        said, _ = process.communicate(timeout=4 * WAIT_S)
        assert process.returncode == 0, said
        files = ResultFiles(out / "submissions" / "learns", BENCHMARK)
        combined = read_combined(files)
        assert combined.status == "ok"
        assert len(combined.scores) == 100
        scores.append(combined.scores)
    assert scores[0] == scores[1]


@pytest.mark.container
def test_ctrl_c_stops_the_containers_on_the_clusters_hosts(cluster, scored, engine, tmp_path):
    """Sooner than the minute after which a query that waits is stopped anyway."""
    from zcnas.isolation.owners import owner_mark

    sleeper = tmp_path / "sleeper"
    sleeper.mkdir()
    (sleeper / "predictor.py").write_text(
        "import time\nclass ZeroCostPredictor:\n"
        "    def query(self, graph, dataloader=None): time.sleep(1000)\n"
    )
    process = scored(tmp_path / "out", "--scheduler", cluster.address, sample=sleeper)
    marks = {owner_mark(worker.pid) for worker in cluster.workers}

    def containers(state):
        listed = engine.api.containers(all=True, filters={"label": "zcnas.owner"})
        return [
            container
            for container in listed
            if container["Labels"]["zcnas.owner"] in marks and container["State"] == state
        ]

    wait_until(lambda: containers("running"), "no container was started")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=50)
    wait_until(lambda: not containers("running"), "a container outlives the command")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--isolation", "process"), "--isolation process is refused with --scheduler"),
        (("--cpus", "0"), "set ZCNAS_CPUS where a worker is started"),
    ],
)
def test_what_does_not_go_with_a_scheduler_is_refused(words, message, tmp_path):
    done = subprocess.run(
        [BIN / "zcnas", "score", "--scheduler", "tcp://127.0.0.1:1", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())

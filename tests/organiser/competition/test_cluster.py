"""A real scheduler and real workers, with certificates and containers, and what ends them."""

import os
import pickle
import random
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import CancelledError
from pathlib import Path

import distributed  # noqa: F401 - its settings must be there before a test overrides some
import pytest

from zcnas.errors import OrganiserError
from zcnas.organiser.competition import Competition, cluster_worker, load_halves
from zcnas.organiser.competition import cluster as cluster_module
from zcnas.organiser.competition.cluster import (
    ClusterEngine,
    ClusterIsolation,
    is_loopback,
    refuse_open_workers,
    security_for,
)
from zcnas.phases import load_phase

from .conftest import certificate_configuration, certificate_settings, outcome

BENCHMARK = "nasbench201_imagenet16_120"
BIN = Path(sys.executable).parent


class Cluster:
    """A scheduler and workers on ports of their own, each a process that can be killed."""

    def __init__(self, folder, environment):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tls://127.0.0.1:{self.port}"
        self.folder = folder
        self.environment = {**os.environ, **environment}
        self.scheduler = self.start("scheduler", "--host", self.address, "--no-dashboard")
        self.workers = [self.start_worker() for _ in range(2)]

    def start(self, kind, *words):
        log = (self.folder / f"{kind}.log").open("a")
        with log:
            return subprocess.Popen(
                [BIN / "dask", kind, *words], env=self.environment, stdout=log, stderr=log
            )

    def start_worker(self):
        words = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--death-timeout", "60")
        return self.start("worker", self.address, *words)

    def kill(self, process):
        process.send_signal(signal.SIGKILL)
        process.wait()

    def close(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(authorities, tmp_path):
    running = Cluster(tmp_path, certificate_settings(authorities[0]))
    yield running
    running.close()


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
    end = time.monotonic() + 120
    while len(lines_in(out)) < count:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end, "no progress"
        time.sleep(0.05)
    return lines_in(out)


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
    cluster.kill(cluster.scheduler)
    said, _ = first.communicate(timeout=120)
    assert first.returncode == 3, said
    assert f"the scheduler at {cluster.address} does not answer" in " ".join(said.split())
    kept = lines_in(out)
    for worker in cluster.workers:
        cluster.kill(worker)

    cluster.scheduler = cluster.start("scheduler", "--host", cluster.address, "--no-dashboard")
    cluster.workers = [cluster.start_worker() for _ in range(2)]
    second = scored(out, *words)
    said, _ = second.communicate(timeout=300)
    assert second.returncode == 0, said
    assert set(kept) <= set(lines_in(out)), "lines of the first run, times included, are kept"
    assert outcome(out) == params_outcome


@pytest.mark.container
def test_ctrl_c_stops_the_containers_on_the_clusters_hosts(cluster, scored, engine, tmp_path):
    from zcnas.isolation.owners import owner_mark

    sleeper = tmp_path / "sleeper"
    sleeper.mkdir()
    (sleeper / "predictor.py").write_text(
        "import time\nclass ZeroCostPredictor:\n"
        "    def query(self, graph, dataloader=None): time.sleep(50)\n"
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

    end = time.monotonic() + 120
    while not containers("running"):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end, "no container was started"
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    process.communicate(timeout=60)
    assert time.monotonic() - begin < 30
    end = time.monotonic() + 30
    while containers("running"):
        assert time.monotonic() < end, "a container outlives the command"
        time.sleep(0.1)


def test_a_client_of_another_authority_and_one_without_certificates_are_refused(
    cluster, authorities, monkeypatch
):
    import dask

    monkeypatch.setattr(cluster_module, "CONNECT_S", 2)
    foreign = authorities[1]
    certificates = certificate_configuration(foreign)
    certificates["distributed.comm.tls.ca-file"] = str(authorities[0] / "ca.pem")
    with dask.config.set(certificates), pytest.raises(OrganiserError, match="does not answer"):
        ClusterEngine(cluster.address)
    with pytest.raises(OrganiserError, match="needs certificates: set DASK_.*CA_FILE"):
        ClusterEngine(cluster.address)


class Booby:
    """Leaves a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def answering(content):
    """Return what a worker runs instead of a job: it answers with what ``content`` returns."""
    return lambda job, topic: content()


def test_an_answer_that_is_no_result_is_our_fault_and_a_pickle_is_not_loaded(
    cluster, authorities, light_phase, tmp_path, monkeypatch
):
    import dask

    control, trap = tmp_path / "control", str(tmp_path / "sprung")
    pickle.loads(pickle.dumps(Booby(str(control)))).close()  # noqa: S301 - our own
    assert control.exists(), "unpickling springs it"

    def answer_with_a_pickle():
        class Trap:
            def __reduce__(self):
                return (open, (trap, "w"))

        return Trap()

    monkeypatch.setattr("zcnas.organiser.competition.dispatch.BACK_OFF_S", 0.01)
    phase = load_phase(light_phase / "phases.toml", "practice").only([BENCHMARK])
    halves = load_halves(phase, light_phase / "in", light_phase / "ref", None)

    def message_when_workers_answer_with(name, content):
        monkeypatch.setattr(cluster_worker, "run_on_worker", answering(content))
        board = Competition(
            phase,
            halves,
            ClusterIsolation(),
            [],
            tmp_path / name,
            engine=lambda: ClusterEngine(cluster.address),
        ).score([tmp_path / "submissions" / "ada"])
        (entry,) = board.entries
        assert (entry.status, entry.score) == ("organiser_error", None)
        events = (tmp_path / name / "events.jsonl").read_text()
        assert events.count('"job_failed"') == 3, "the first attempt and two more"
        return entry.message

    with dask.config.set(certificate_configuration(authorities[0])):
        message = message_when_workers_answer_with("pickle", answer_with_a_pickle)
        assert "a worker's answer cannot be read" in message
        assert "only able to deserialize data with ['dask', 'msgpack']" in message
        assert not Path(trap).exists()
        assert "with NoneType instead of" in message_when_workers_answer_with("n", lambda: None)
        assert "with str instead of" in message_when_workers_answer_with("text", lambda: "{}")
        assert "is malformed" in message_when_workers_answer_with("bytes", lambda: b"{}")


def test_a_job_whose_scheduler_is_lost_ends_as_lost_with_its_machine(cluster, authorities):
    import dask

    with dask.config.set(certificate_configuration(authorities[0])):
        engine = ClusterEngine(cluster.address)
        try:
            future = engine._executor.submit(time.sleep, 120)
            cluster.kill(cluster.scheduler)
            with pytest.raises(CancelledError):
                future.result(timeout=100)
        finally:
            engine.stop()


class Told:
    """Stands in for Dask's worker; keeps what was announced and when."""

    def __init__(self):
        self.told = []

    def log_event(self, topic, reports):
        self.told.append((time.monotonic(), list(reports)))


def test_no_report_waits_longer_than_the_interval_for_the_next_one(monkeypatch):
    monkeypatch.setattr(cluster_worker, "REPORT_INTERVAL_S", 0.2)
    told = Told()
    reports = cluster_worker._Reports(told, "topic")
    for number in range(3):
        reports.add(b"%d" % number)
    assert [content for _, content in told.told] == [[b"0"]], "the first is told at once"
    end = time.monotonic() + 10
    while len(told.told) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    reports.close()
    assert [content for _, content in told.told] == [[b"0"], [b"1", b"2"]]
    assert told.told[1][0] - told.told[0][0] >= 0.2, "those that follow soon travel together"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://192.0.2.7:8786", "leaves this machine without encryption.*write tls://"),
        ("192.0.2.7:8786", "is no address of a scheduler; write tls://"),
        ("http://127.0.0.1:8786", "is no address of a scheduler"),
        ("tcp://no-such-host.invalid:8786", "without encryption"),
        ("tls://127.0.0.1:8786", "needs certificates"),
    ],
)
def test_an_unsafe_address_is_refused_before_anything_is_sent(address, message):
    with pytest.raises(OrganiserError, match=message):
        security_for(address)


def test_workers_reached_over_a_network_without_tls_are_refused():
    refuse_open_workers({"tcp://127.0.0.1:1": {}, "tls://192.0.2.7:1": {}})
    with pytest.raises(OrganiserError, match="192.0.2.7:1 is reached without encryption"):
        refuse_open_workers({"tcp://127.0.0.1:1": {}, "tcp://192.0.2.7:1": {}})


def test_loopback_is_this_machine_only():
    assert is_loopback("127.0.0.1")
    assert is_loopback("localhost")
    assert is_loopback("::1")
    assert not is_loopback("192.0.2.7")
    assert not is_loopback("0.0.0.0")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--isolation", "process"), "ISOLATION=process is refused with SCHEDULER="),
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
    assert done.returncode == 3
    assert message in " ".join(done.stderr.split())

"""Jobs on a real scheduler and real workers: who is let in, and what is believed of an answer."""

import pickle
import re
import time
from concurrent.futures import CancelledError
from pathlib import Path

import distributed  # noqa: F401 - its settings must be there before a test overrides some
import psutil
import pytest

from tests.clusters import certificate_configuration
from tests.patience import WAIT_S, wait_until
from zcnas.errors import OrganiserError, UsageError
from zcnas.jobs import Dispatcher, Event, EventLog, Job, cluster_worker, read_events, working
from zcnas.jobs import cluster as cluster_module
from zcnas.jobs.cluster import ClusterPool, is_loopback, refuse_open_workers, security_for

from .squares import Squares

ROOT = Path(__file__).parents[2]


def square(payload, report, interrupted):
    """Stand in for a runner."""


def test_a_client_of_another_authority_and_one_without_certificates_are_refused(
    cluster, authorities, monkeypatch
):
    import dask

    monkeypatch.setattr(cluster_module, "CONNECT_S", 2)
    foreign = authorities[1]
    certificates = certificate_configuration(foreign)
    certificates["distributed.comm.tls.ca-file"] = str(authorities[0] / "ca.pem")
    with dask.config.set(certificates), pytest.raises(OrganiserError, match="does not answer"):
        ClusterPool(cluster.address, square)
    with pytest.raises(UsageError, match="needs certificates: set DASK_.*CA_FILE"):
        ClusterPool(cluster.address, square)


class Booby:
    """Leaves a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


def answering(content):
    """Return what a worker runs instead of a job: it answers with what ``content`` returns."""
    return lambda runner, job, topic: content()


def test_an_answer_that_is_none_is_a_fault_and_a_pickle_is_not_loaded(
    cluster, authorities, tmp_path, monkeypatch
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

    def fault_when_workers_answer_with(name, content):
        monkeypatch.setattr(cluster_worker, "run_on_worker", answering(content))
        work, log = Squares(tmp_path, name, [1, 2]), tmp_path / f"{name}.events"
        with working(ClusterPool(cluster.address, dict), EventLog(log)) as pool:
            Dispatcher(pool, EventLog(log)).run([work])
        assert not work.path.exists()
        failed = [event for event in read_events(log, Event) if event.event == "job_failed"]
        assert len(failed) == 3, "the first attempt and two more"
        (fault,) = work.faults
        return fault

    with dask.config.set(certificate_configuration(authorities[0])):
        message = fault_when_workers_answer_with("pickle", answer_with_a_pickle)
        assert "a worker's answer cannot be read" in message
        assert "only able to deserialize data with ['dask', 'msgpack']" in message
        assert not Path(trap).exists()
        assert "with NoneType instead of" in fault_when_workers_answer_with("n", lambda: None)
        assert "with str instead of" in fault_when_workers_answer_with("text", lambda: "{}")
        assert "is malformed" in fault_when_workers_answer_with("bytes", lambda: b"{}")


def test_a_job_whose_scheduler_is_lost_ends_as_lost_with_its_machine(cluster, authorities):
    import dask

    with dask.config.set(certificate_configuration(authorities[0])):
        pool = ClusterPool(cluster.address, square)
        try:
            future = pool._executor.submit(time.sleep, 1000)
            cluster.kill(cluster.scheduler)
            with pytest.raises(CancelledError):
                future.result(timeout=WAIT_S)
        finally:
            pool.stop()


class Told:
    """Stands in for Dask's worker; keeps what was announced and when."""

    def __init__(self):
        self.told = []

    def log_event(self, topic, reports):
        self.told.append((time.monotonic(), reports))


def test_no_report_waits_longer_than_the_interval_for_the_next_one(monkeypatch):
    interval_s = 3  # three reports are given within it on any machine
    monkeypatch.setattr(cluster_worker, "REPORT_INTERVAL_S", interval_s)
    told = Told()
    reports = cluster_worker._Reports(told, "topic", 7)
    for number in range(3):
        reports.add(b"%d" % number)
    assert [content for _, content in told.told] == [(7, [b"0"])], "the first is told at once"
    wait_until(lambda: len(told.told) == 2, "the later ones are never told")
    reports.add(b"3")
    assert reports.close() == (b"3",), "what was not sent is for the job's end to bring"
    assert [content for _, content in told.told] == [(7, [b"0"]), (7, [b"1", b"2"])]
    assert told.told[1][0] - told.told[0][0] >= interval_s, "those that follow soon travel together"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://192.0.2.7:8786", "leaves this machine without encryption.*write tls://"),
        ("192.0.2.7:8786", "is not the address of a scheduler; write tls://"),
        ("http://127.0.0.1:8786", "is not the address of a scheduler"),
        ("tls://host:port", "is not the address of a scheduler"),
        ("tls://[::1", "is not the address of a scheduler"),
        ("tls://:8786", "is not the address of a scheduler"),
        ("tcp://no-such-host.invalid:8786", "without encryption"),
        ("tls://127.0.0.1:8786", "needs certificates"),
    ],
)
def test_an_unsafe_address_is_refused_before_anything_is_sent(address, message):
    with pytest.raises(UsageError, match=message):
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


def test_nothing_of_dask_listens_beyond_loopback(cluster):
    """As the recipes start it; its pages need no certificate."""
    processes = [psutil.Process(each.pid) for each in (cluster.scheduler, *cluster.workers)]

    def listening():
        found = [
            c.laddr.ip
            for process in processes
            for c in process.net_connections("inet")
            if c.status == psutil.CONN_LISTEN
        ]
        return found if len(found) >= 2 * len(processes) else []

    wait_until(listening, "not everything listens")
    assert set(listening()) == {"127.0.0.1"}


def test_every_recipe_keeps_dasks_pages_on_loopback():
    recipes = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "docs").rglob("*.sh")]
    lines = [
        line
        for path in recipes
        for line in path.read_text().splitlines()
        if re.search(r"bin/dask (scheduler|worker)", line)
    ]
    assert len(lines) >= 4
    for line in lines:
        assert "--dashboard-address 127.0.0.1:" in line
        if "tcp://" in line or "scheduler" in line:
            assert re.search(r"--host (127\.0\.0\.1|tls://)", line), "an open port takes any code"


def test_a_cancelled_job_ends_within_two_seconds(cluster, authorities, tmp_path):
    """On a real worker, a runner that looks at its interruption as the recorder does."""
    import dask

    begun, ended = tmp_path / "begun", tmp_path / "ended"

    def waits(payload, report, interrupted):
        begun.touch()
        while not interrupted.is_set():
            time.sleep(0.2)
        ended.touch()

    with dask.config.set(certificate_configuration(authorities[0])):
        pool = ClusterPool(cluster.address, waits)
        pool.submit(Job(0, None), lambda report: None)
        wait_until(begun.exists, "the job does not begin")
        begin = time.monotonic()
        pool.stop()
        wait_until(ended.exists, "the job does not end")
    assert time.monotonic() - begin < 2

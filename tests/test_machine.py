import os
import threading
import time

import pytest

from zcnas.errors import OrganiserError
from zcnas.machine import Machine, cpu_model, parse_cpus

USABLE = sorted(os.sched_getaffinity(0))


def test_cpus_are_read_as_lists_and_ranges(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    assert parse_cpus("0,2") == [0, 2]
    assert parse_cpus("1-3,6") == [1, 2, 3, 6]
    assert parse_cpus("") == list(range(8))


@pytest.mark.parametrize("text", ["a", "1-", "1,,2", "0-x"])
def test_a_malformed_cpu_list_is_refused(text):
    with pytest.raises(OrganiserError, match="is malformed; write for example CPUS=0,1"):
        parse_cpus(text)


def test_a_cpu_that_does_not_exist_is_refused_with_the_usable_ones():
    with pytest.raises(OrganiserError, match=r"names \[9999\].*usable are"):
        parse_cpus("9999")


def test_a_cpu_is_leased_to_one_job_at_a_time():
    machine = Machine([3, 4])
    with machine.lease() as first, machine.lease() as second:
        assert {first, second} == {3, 4}
        waiting = threading.Thread(target=lambda: machine.lease().__enter__())
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive(), "no third job while both are leased"
    waiting.join(5)
    assert not waiting.is_alive()


def test_alone_waits_for_queries_under_way_and_holds_others_back():
    machine = Machine()
    events = []

    def query(name, holding, seconds):
        with holding():
            events.append(f"{name} begins")
            time.sleep(seconds)
            events.append(f"{name} ends")

    plan = [("a", machine.shared, 0.3), ("b", machine.alone, 0.2), ("c", machine.shared, 0.1)]
    threads = [threading.Thread(target=query, args=arguments) for arguments in plan]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    assert events == ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]


def test_shared_queries_run_beside_each_other():
    machine = Machine()
    barrier = threading.Barrier(2, timeout=5)

    def query():
        with machine.shared():
            barrier.wait()

    threads = [threading.Thread(target=query) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not barrier.broken


def test_the_processor_has_a_name():
    assert cpu_model()

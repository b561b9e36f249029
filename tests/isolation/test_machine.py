import os
import subprocess
import sys
import threading

import pytest

from zcnas.errors import OrganiserError
from zcnas.isolation.machine import Machine, cpu_model, parse_cpus

USABLE = sorted(os.sched_getaffinity(0))


def test_cpus_are_read_as_lists_and_ranges(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    assert parse_cpus("0,2") == [0, 2]
    assert parse_cpus("1-3,6") == [1, 2, 3, 6]
    assert parse_cpus("") == list(range(8))


@pytest.mark.parametrize("text", ["a", "1-", "1,,2", "0-x"])
def test_a_malformed_cpu_list_is_refused(text):
    with pytest.raises(OrganiserError, match="is malformed; write for example --cpus 0,1"):
        parse_cpus(text)


def test_a_cpu_that_does_not_exist_is_refused_with_the_usable_ones():
    with pytest.raises(OrganiserError, match=r"names \[9999\].*usable are"):
        parse_cpus("9999")


def test_a_cpu_is_leased_to_one_job_at_a_time_across_runs(tmp_path):
    one_run, another = Machine([3, 4], locks=tmp_path), Machine([3, 4], locks=tmp_path)

    def third():
        with another.lease():
            pass

    with one_run.lease() as first, another.lease() as second:
        assert {first, second} == {3, 4}
        waiting = threading.Thread(target=third)
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive(), "no third job while both are leased"
    waiting.join(60)
    assert not waiting.is_alive()


def test_a_process_that_is_killed_gives_its_cpu_back(tmp_path):
    code = (
        "import sys, pathlib; from zcnas.isolation.machine import Machine\n"
        "with Machine([3], locks=pathlib.Path(sys.argv[1])).lease(): print('held', flush=True); "
        "sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout.readline() == b"held\n"
        stopped = threading.Event()
        machine = Machine([3], stopped, tmp_path)
        threading.Timer(0.3, stopped.set).start()
        with pytest.raises(OrganiserError, match="interrupted"), machine.lease():
            pass
        holder.kill()
    with Machine([3], locks=tmp_path).lease() as cpu:
        assert cpu == 3


def test_a_folder_for_locks_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OrganiserError, match="another folder.*with ZCNAS_LOCKS="):
        Machine([0], locks=tmp_path / "file" / "below")


def test_the_processor_has_a_name():
    assert cpu_model()

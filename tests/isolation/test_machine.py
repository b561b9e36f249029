import os
import subprocess
import sys
import threading

import pytest

from zcnas.errors import OrganiserError, UsageError
from zcnas.isolation import cores, machine
from zcnas.isolation.machine import Machine, cpu_model, parse_cpus

USABLE = sorted(os.sched_getaffinity(0))


def test_cpus_are_read_as_lists_and_ranges(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    monkeypatch.setattr(machine, "one_per_core", list)
    assert parse_cpus("0,2") == [0, 2]
    assert parse_cpus("1-3,6") == [1, 2, 3, 6]
    assert parse_cpus(" 3, 1 - 2,1\n") == [1, 2, 3]
    assert parse_cpus("") == parse_cpus("  ") == list(range(8))


@pytest.mark.parametrize(
    "text",
    ["a", "all", "1-", "-1", "1,,2", "0,", ",", "0-x", "1-0", "0-1-2", "0;1", "0x1", "1.0", "٠",
     "0-٣", "+1", "1e1", "--", "0" * 99, "0-99999999999999999999", "0 1", "1 0-1"],
)  # fmt: skip
def test_a_malformed_cpu_list_is_refused(text):
    with pytest.raises(UsageError, match="is malformed; write for example --cpus 0,1"):
        parse_cpus(text)


def test_a_cpu_that_does_not_exist_is_refused_with_the_usable_ones():
    with pytest.raises(UsageError, match=r"names \[9999\].*usable are"):
        parse_cpus("9999")
    with pytest.raises(UsageError, match=r"names .* and more, which .*usable are"):
        parse_cpus("0-99999")


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


def test_a_link_of_somebody_else_in_place_of_the_folder_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir(mode=0o700)
    link = tmp_path / "locks"
    link.symlink_to(victim)
    if os.getuid() == 0:
        os.lchown(link, 61234, 61234)
        with pytest.raises(OrganiserError, match="was made by another user.*ZCNAS_LOCKS="):
            Machine([0], locks=link)
    assert victim.stat().st_mode & 0o777 == 0o700
    assert list(victim.iterdir()) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path):
    folder = tmp_path / "locks"
    folder.mkdir()
    os.chown(folder, 61234, 61234)
    with pytest.raises(OrganiserError, match="was made by another user"):
        Machine([0], locks=folder)


def test_nobody_can_remove_anothers_locks_and_everybody_can_take_them(tmp_path):
    Machine([0], locks=tmp_path / "locks")
    assert (tmp_path / "locks").stat().st_mode & 0o7777 == 0o1777
    with Machine([0], locks=tmp_path / "locks").lease():
        assert (tmp_path / "locks" / "cpu0.lock").stat().st_mode & 0o666 == 0o666


def test_a_link_in_place_of_a_lock_is_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("theirs")
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "cpu0.lock").symlink_to(victim)
    machine = Machine([0], locks=tmp_path / "locks")
    with pytest.raises(OrganiserError, match="cpu0.lock cannot be taken"), machine.lease():
        pass
    assert victim.read_text() == "theirs"


def test_by_default_a_cores_second_thread_stays_idle_and_naming_it_allows_it(monkeypatch):
    monkeypatch.setattr(machine, "usable_cpus", lambda: [0, 1, 2, 3])
    monkeypatch.setattr(cores, "core_of", lambda cpu, root: frozenset({cpu % 2, cpu % 2 + 2}))
    assert machine.parse_cpus("") == [0, 1]
    assert machine.parse_cpus("0-3") == [0, 1, 2, 3]
    assert cores.shared_cores([0, 2])

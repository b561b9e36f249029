"""The kernel's account of a group, and groups made for plain processes, of both versions."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import psutil
import pytest

from tests.patience import wait_until
from zcnas.isolation.control_groups import ControlGroup, OwnGroup, longest_wait_s

BUSY = "while True: pass"


@pytest.mark.parametrize(
    ("cgroup", "files"),
    [
        (
            "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/docker/abc\n",
            {
                "cpuacct/docker/abc/cpuacct.usage": "2500000000\n",
                "memory/docker/abc/memory.oom_control": "oom_kill_disable 0\noom_kill 2\n",
            },
        ),
        (
            "0::/system.slice/docker-abc.scope\n",
            {
                "system.slice/docker-abc.scope/cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
                "system.slice/docker-abc.scope/memory.events": "low 0\noom_kill 2\n",
            },
        ),
    ],
    ids=["v1", "v2"],
)
def test_the_kernels_account_is_read_in_both_versions_of_control_groups(tmp_path, cgroup, files):
    """The files as the kernel's documentation describes them (cgroup-v1 cpuacct, cgroup-v2)."""
    (tmp_path / "proc" / "7").mkdir(parents=True)
    (tmp_path / "proc" / "7" / "cgroup").write_text(cgroup)
    for name, content in files.items():
        (tmp_path / "cgroup" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cgroup" / name).write_text(content)
    group = ControlGroup(7, tmp_path / "cgroup", tmp_path / "proc")
    assert group.cpu_time_s() == 2.5
    assert group.memory_kills() == 2


def test_an_engine_on_another_host_gives_no_account(tmp_path):
    group = ControlGroup(7, tmp_path, tmp_path)
    assert group.cpu_time_s() is None
    assert group.memory_kills() == 0


@contextlib.contextmanager
def child(code):
    with subprocess.Popen(
        [sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def own_group(limits):
    """A function that makes a real group for a process; skips where this user may not."""
    made = []

    def make(pid, **changes):
        group = OwnGroup.make(pid, msgspec.structs.replace(limits, **changes))
        if group is None:
            pytest.skip("this user may not make control groups here")
        made.append(group)
        return group

    yield make
    for group in made:
        group.end()


def test_cpu_time_of_children_that_nobody_waits_for_is_counted(own_group):
    code = (
        "import os, signal, sys, time\nsys.stdin.read(1)\n"
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "if os.fork() == 0:\n"
        "    if os.fork() == 0:\n"
        "        while time.thread_time() < 0.3: pass\n"
        "    os._exit(0)\n"
        "time.sleep(1000)"
    )
    with child(code) as process:
        group = own_group(process.pid)
        process.stdin.write(b"x")
        process.stdin.flush()
        wait_until(lambda: group.account.cpu_time_s() >= 0.3, "the children's time is lost")
        times = psutil.Process(process.pid).cpu_times()
        assert times.user + times.children_user < 0.3, "as their parent sees it, nobody computed"


def test_the_end_of_a_group_ends_all_in_it_and_removes_it(own_group):
    code = (
        "import os, time\n"
        "while True:\n"
        "    time.sleep(0.05)\n"
        "    try:\n"
        "        if os.fork() == 0: time.sleep(1000)\n"
        "    except BlockingIOError: time.sleep(1000)\n"
    )
    with child(code) as process:
        group = own_group(process.pid, processes=5)
        wait_until(lambda: len(group._members()) == 5, "it does not reach its limit")
        time.sleep(0.3)
        members = group._members()
        assert len(members) == 5, "the number of processes is bounded for root as well"
        begin = time.monotonic()
        group.end()
        assert time.monotonic() - begin < 2
        assert not [folder for folder in group._folders if folder.exists()]
        process.wait()
        wait_until(lambda: not any(map(psutil.pid_exists, members)), "some are left")


def test_memory_of_several_processes_together_is_bounded(own_group):
    """Four of them hold 40 MiB each, half of it as shared memory that no process limit counts."""
    code = (
        "import mmap, os, sys, time\nsys.stdin.read(1)\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        shared = mmap.mmap(-1, 20 << 20); shared.write(b'x' * (20 << 20))\n"
        "        own = bytearray(b'y' * (20 << 20)); time.sleep(1000)\n"
        "time.sleep(1000)"
    )
    with child(code) as process:
        group = own_group(process.pid, memory_mb=100)
        if "memory" not in group.bounds:
            pytest.skip("memory cannot be bounded here")
        process.stdin.write(b"x")
        process.stdin.flush()
        wait_until(lambda: group.account.memory_kills() >= 1, "they hold more than is allowed")


def test_groups_that_killed_recorders_left_are_removed(own_group):
    with child("import time; time.sleep(1000)") as process:
        group = own_group(process.pid)
        gone = subprocess.Popen(["true"])
        gone.wait()
        left = group._folders[0].with_name(f"zcnas-{gone.pid}-0")
        left.mkdir()
        with child("import time; time.sleep(1000)") as other:
            own_group(other.pid)
            assert not left.exists()


def test_without_the_right_to_make_groups_there_is_none(tmp_path, limits):
    (tmp_path / "proc" / str(os.getpid())).mkdir(parents=True)
    (tmp_path / "proc" / str(os.getpid()) / "cgroup").write_text("0::/mine\n")
    assert OwnGroup.make(os.getpid(), limits, tmp_path / "cgroup", tmp_path / "proc") is None


@pytest.mark.parametrize("delegated", ["own", "parent"])
def test_version_2_makes_a_group_below_or_beside_its_own(tmp_path, limits, delegated, monkeypatch):
    """A kernel of files: a new group has the files of the controllers its parent hands down."""
    root, proc, pid = tmp_path / "cgroup", tmp_path / "proc", os.getpid()
    own = root / "user" / "session"
    own.mkdir(parents=True)
    hands_down = own if delegated == "own" else own.parent
    (proc / str(pid)).mkdir(parents=True)
    (proc / str(pid) / "cgroup").write_text("0::/user/session\n")
    make, remove = Path.mkdir, Path.rmdir

    def mkdir(path, *arguments, **options):
        make(path, *arguments, **options)
        names = ["cgroup.procs", "cpu.stat", "cgroup.kill"]
        for name in [
            *names,
            *(["memory.max", "memory.swap.max", "pids.max"] if path.parent == hands_down else []),
        ]:
            (path / name).write_text("usage_usec 7\n" if name == "cpu.stat" else "")
        (proc / str(pid) / "cgroup").write_text(f"0::/{path.relative_to(root)}\n")

    def rmdir(path):
        for file in path.iterdir():
            file.unlink()
        remove(path)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    monkeypatch.setattr(Path, "rmdir", rmdir)
    group = OwnGroup.make(pid, limits, root, proc)
    assert group.bounds.endswith("bounds CPU time and memory and the number of processes together")
    (folder,) = group._folders
    assert folder.parent == hands_down
    assert (folder / "memory.max").read_text() == str(limits.memory_mb << 20)
    assert (folder / "pids.max").read_text() == str(limits.processes)
    assert (folder / "cgroup.procs").read_text() == str(pid)
    assert group.account.cpu_time_s() == 7e-6


def test_who_sleeps_does_not_wait_and_who_shares_a_cpu_does(own_cpu):
    """Two busy processes on one CPU wait half of the time each; one that sleeps never does."""

    def pinned(code):
        return child(f"import os, time\nos.sched_setaffinity(0, {{{own_cpu}}})\n{code}")

    with pinned(BUSY) as one, pinned(BUSY) as other, pinned("time.sleep(1000)") as sleeper:
        wait_until(lambda: longest_wait_s([one.pid, other.pid]) > 0.3, "the kernel sees no waiting")
        assert longest_wait_s([sleeper.pid]) < 0.3
        assert longest_wait_s([2**22 + 1]) == 0.0

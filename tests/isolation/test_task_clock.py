"""The kernel's clock of a tree of processes, and the watch over its memory."""

import os
import subprocess
import sys
import time

import pytest

from zcnas.isolation.task_clock import open_clock
from zcnas.isolation.watching import MemoryWatch

BURNS = """
import os, signal, sys, time
sys.stdin.readline()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in range(20):
    if os.fork() == 0:
        end = time.thread_time() + 0.02
        while time.thread_time() < end: pass
        os._exit(0)
while True:
    try: os.wait()
    except ChildProcessError: break
print("done", flush=True)
sys.stdin.readline()
"""
HOLDS = """
import os, sys, time
if os.fork() == 0:
    held = bytearray(200 << 20)
    held[:: 4096] = b"x" * len(held[:: 4096])
    print("holds", flush=True)
    time.sleep(1000)
os.wait()
"""


def started(code):
    return subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_the_clock_counts_children_that_were_never_waited_for():
    with started(BURNS) as process:
        clock = open_clock(process.pid)
        if clock is None:
            pytest.skip("kernel.perf_event_paranoid keeps the clock from this user")
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "done\n"
        waited_for = sum(map(int, stat_of(process.pid)[13:17])) / os.sysconf("SC_CLK_TCK")
        measured = clock.read_s()
        clock.close()
        process.kill()
    assert 0.4 <= measured < 2
    assert waited_for < 0.4, "what the kernel's usual account has of it"


def stat_of(pid):
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123
        return file.read().split()


def test_no_clock_of_a_process_that_is_gone():
    process = started("")
    process.communicate()
    assert open_clock(process.pid) is None


def test_the_watch_kills_the_largest_process_and_spares_the_first():
    with started(HOLDS) as process:
        assert process.stdout.readline() == "holds\n"
        watch = MemoryWatch(process.pid, 150 << 20)
        watch.start()
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        watch.stop()
        ended = process.poll()
        process.kill()
    assert (watch.kills, ended) == (1, 0), "its child was killed, and it ended by itself"


def test_pages_that_processes_share_count_once():
    code = HOLDS.replace("if os.fork() == 0:\n    held", "if True:\n    held").replace(
        'print("holds", flush=True)\n    time.sleep(1000)',
        '[os.fork() or time.sleep(1000) for _ in range(4)]\n    print("holds", flush=True)',
    )
    with started(code) as process:
        assert process.stdout.readline() == "holds\n"
        watch = MemoryWatch(process.pid, 400 << 20)
        assert len(list(watch.members())) == 5
        watch.look()
        for member in list(watch.members())[::-1]:
            os.kill(member, 9)
    assert watch.kills == 0, "five processes, but 200 MiB together"

"""What the kernel holds a confined process to; each case is a process of its own."""

import subprocess
import sys

import pytest

from zcnas.worker import confinement

ABI = confinement.landlock_abi()
CONFINED = """
import ctypes, os, resource, signal, socket, sys
from pathlib import Path
from zcnas.worker.confinement import confine, confine_query
scratch, secret = map(Path, sys.argv[1:3])
means = confine([Path(confine.__code__.co_filename).parents[1]], scratch)
LIBC = ctypes.CDLL(None, use_errno=True)
def refused(action):
    try:
        action()
    except PermissionError:
        return True
    return False
"""


def run(tmp_path, code):
    (tmp_path / "scratch").mkdir()
    (tmp_path / "secret").write_text("secret")
    command = [sys.executable, "-c", CONFINED + code, tmp_path / "scratch", tmp_path / "secret"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.skipif(ABI < 1, reason="this kernel has no Landlock")
def test_files_outside_can_neither_be_read_nor_written_and_scratch_can(tmp_path):
    code = """
(scratch / "mine").write_text("x")
print((scratch / "mine").read_text())
print(refused(lambda: secret.read_text()), refused(lambda: secret.write_text("x")))
print(refused(lambda: os.listdir(secret.parent)), refused(lambda: open("/etc/shadow")))
print(refused(lambda: os.symlink(secret, scratch / "l") or (scratch / "l").read_text()))
print(refused(lambda: os.rename(secret, scratch / "stolen")) or secret.exists())
import json, decimal, sqlite3  # the standard library stays within reach
Path("/dev/null").write_text("x")
"""
    assert run(tmp_path, code) == ["x", *["True"] * 6]
    assert (tmp_path / "secret").read_text() == "secret"


def test_there_is_no_socket_but_a_connected_pair(tmp_path):
    code = """
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK, 40):
    print(refused(lambda: socket.socket(family)))
one, other = socket.socketpair()
one.send(b"x"); print(other.recv(1).decode())
"""
    assert run(tmp_path, code) == [*["True"] * 5, "x"]


def test_capabilities_and_limits_cannot_be_had_back(tmp_path):
    code = """
status = dict(l.split(":", 1) for l in Path("/proc/self/status").read_text().splitlines())
print(int(status["CapEff"], 16), int(status["CapPrm"], 16), status["NoNewPrivs"].strip())
resource.setrlimit(resource.RLIMIT_CPU, (50, 50))
try:
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
except ValueError:
    print("kept")
print(refused(lambda: os.sched_setaffinity(0, {0})))
print(refused(lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))))
"""
    assert run(tmp_path, code) == ["0", "0", "1", "kept", "True", "True"]


@pytest.mark.skipif(ABI < 6, reason=f"this kernel has Landlock {ABI}, not 6")
def test_a_query_can_neither_signal_nor_trace_nor_read_its_worker_and_the_worker_can_end_it(
    tmp_path,
):
    code = """
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    confine_query()
    parent = os.getppid()
    Path("/proc/self/stat").read_text()
    said = [refused(lambda: os.kill(parent, signal.SIGTERM)),
            refused(lambda: open(f"/proc/{parent}/mem", "rb")),
            refused(lambda: open(f"/proc/{parent}/environ").read()),
            LIBC.ptrace(16, parent, 0, 0) < 0]
    os.write(writer, " ".join(map(str, said)).encode())
    signal.pause()
print(os.read(reader, 100).decode(), flush=True)
os.kill(child, signal.SIGKILL)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(tmp_path, code) == [*["True"] * 4, "-9"]


def test_confinement_passes_to_every_process_started_later(tmp_path):
    code = """
import subprocess
code = "import socket; socket.socket()"
done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
print("PermissionError" in done.stderr)
"""
    assert run(tmp_path, code) == ["True"]


def test_whatever_is_started_stays_in_the_group_that_is_killed(tmp_path):
    code = """
print(refused(os.setsid), refused(lambda: os.setpgid(0, 0)))
"""
    assert run(tmp_path, code) == ["True", "True"]


def test_what_the_kernel_offers_is_said(tmp_path):
    assert run(tmp_path, "print(means)")[-1] == "seccomp"


def test_a_process_with_another_thread_is_not_confined_by_half(tmp_path):
    code = (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n"
        "from pathlib import Path; from zcnas.worker.confinement import confine\n"
        "try: confine([], Path('.'))\n"
        "except RuntimeError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert "another thread is running, which would not be confined" in done.stdout

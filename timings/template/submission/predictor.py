"""Goes for the process above its worker and leaves marks, in set-up and in a query; prints both.

A line of JSON says what succeeded, and which marks of an earlier benchmark were there.
"""

import ctypes
import json
import os
import sys
import time
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
KEY = 0x7A636E61
FOLDERS = (os.environ["TMPDIR"], "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue")
BURNT = 100


def call(number, *arguments):
    """Make a system call (numbers of x86_64)."""
    if LIBC.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), str(number))


def succeeds(attempt):
    """Return whether an attempt is allowed."""
    try:
        attempt()
    except OSError:
        return False
    return True


def attacks_on(process):
    """Return what succeeds against a process; 0 is nobody."""
    attempts = {
        "signals": lambda: os.kill(process, 0),
        "opens_its_memory": lambda: Path(f"/proc/{process}/mem").open("rb").close(),
        "reads_maps": lambda: Path(f"/proc/{process}/maps").read_text(),
        "reads_environment": lambda: Path(f"/proc/{process}/environ").read_text(),
        "traces": lambda: call(101, 16, process, 0, 0),
        "process_vm_readv": lambda: call(310, process, None, 0, None, 0, 0),
        "takes_a_descriptor": lambda: call(438, os.pidfd_open(process), 3, 0),
    }
    return sorted(name for name, attempt in attempts.items() if process and succeeds(attempt))


def marks():
    """Return the marks that are there, and leave all of them."""
    files = [Path(folder, "mark-of-a-benchmark") for folder in FOLDERS]
    found = [str(path) for path in files if path.exists()]
    found += ["System V memory"] * (LIBC.shmget(KEY, 4096, 0) >= 0)
    found += ["queue"] * (LIBC.syscall(240, b"zcnas-mark", os.O_RDWR, 0o600, None) >= 0)
    found += ["key"] * (LIBC.syscall(250, 10, -4, b"user", b"zcnas-mark", 0) > 0)
    for path in files:
        succeeds(lambda path=path: path.write_text("seen"))
    LIBC.shmget(KEY, 4096, 0o1600)
    LIBC.syscall(240, b"zcnas-mark", os.O_CREAT | os.O_RDWR, 0o600, None)
    LIBC.syscall(248, b"user", b"zcnas-mark", b"x", 1, -4)
    return found


def survivors():
    """Return how many processes of this program are no ancestors, and leave one more."""
    mine = Path("/proc/self/cmdline").read_bytes()
    lineage, number = set(), os.getpid()
    while number > 0:
        lineage.add(number)
        number = above(number)
    others = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline")]
    count = 0
    for other in set(others) - lineage:
        try:
            count += Path(f"/proc/{other}/cmdline").read_bytes() == mine
        except OSError:
            continue
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(1000)
        os._exit(0)
    os.wait()
    return count


def above(process):
    """Return a process's parent."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def tell(place, target):
    """Print what was possible and seen."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    torch_at = next(line.split("-")[0] for line in lines if "libtorch_cpu" in line)
    own = Path(FOLDERS[0], "own")
    own.write_text("x")
    seen = {"place": place, "pid": os.getpid(), "inode": own.stat().st_ino, "torch_at": torch_at}
    own.unlink()
    seen |= {"attacks": attacks_on(target), "marks": marks(), "survivors": survivors()}
    print("SEEN", json.dumps(seen), file=sys.stderr, flush=True)


tell("set-up", os.getppid())
for _ in range(BURNT):  # a number that whoever comes next can read in its own
    if os.fork() == 0:
        os._exit(0)
    os.wait()


class ZeroCostPredictor:
    """Asks as set-up does, one process further down."""

    def query(self, graph, dataloader=None):
        """Go for the process above the worker."""
        tell("query", above(os.getppid()))
        return 1.0

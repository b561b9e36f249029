"""Leaves a mark for the next query wherever one could last, and returns how many it found."""

import ctypes
import os
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
FOLDERS = (
    os.environ["TMPDIR"],
    "/tmp",
    "/var/tmp",
    "/dev/shm",
    "/dev/mqueue",
    os.path.dirname(os.path.abspath(__file__)),
)
KEY = 0x7A636E61


class ZeroCostPredictor:
    def __init__(self):
        Path("kept").write_text("set-up")
        Path("folder").mkdir()

    def query(self, graph, dataloader=None):
        marks = [Path(folder, f"mark-{os.getppid()}") for folder in FOLDERS]
        found = sum(mark.exists() for mark in marks) + (Path("kept").read_text() != "set-up")
        found += os.listdir("folder") != []
        found += LIBC.shmget(KEY, 4096, 0) >= 0
        found += LIBC.syscall(240, b"zcnas-mark", os.O_RDWR, 0o600, None) >= 0
        found += LIBC.syscall(250, 10, -4, b"user", b"zcnas-mark", 0) > 0  # search the user's keys
        for mark in marks:
            try:
                mark.write_text("seen")
            except OSError as error:
                print("refused:", error)
        Path("kept").write_text("changed")
        Path("folder", "file").write_text("x")
        os.symlink("/etc", "link")
        LIBC.shmget(KEY, 4096, 0o1600)
        LIBC.syscall(240, b"zcnas-mark", os.O_CREAT | os.O_RDWR, 0o600, None)
        LIBC.syscall(248, b"user", b"zcnas-mark", b"x", 1, -4)
        return float(found)

"""Signals to other entries through locks, leases and notes on a file that all of them have.

What it sets, a process beside it would see; so it looks for what it has set itself from a child,
which an honest lock would keep out.
"""

import ctypes
import fcntl
import os
import struct
from pathlib import Path

from attempts import successes

import zcnas

SHARED = zcnas.__file__
LIBC = ctypes.CDLL(None, use_errno=True)


def in_a_child(question):
    """Return whether a child that opens the shared file itself finds it locked."""
    child = os.fork()
    if child == 0:
        with open(SHARED) as file:
            try:
                question(file)
            except OSError:
                os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def whole_file():
    with open(SHARED) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        return in_a_child(lambda other: fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB))


def range_of_bytes():
    with open(SHARED) as file:
        fcntl.lockf(file, fcntl.LOCK_SH, 1, 7)
        seen = []
        reader, writer = os.pipe()
        if os.fork() == 0:
            with open(SHARED) as other:
                asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 7, 1, 0)
                os.write(writer, fcntl.fcntl(other, fcntl.F_GETLK, asked))
            os._exit(0)
        seen = struct.unpack("hhqqi4x", os.read(reader, 100))
        os.wait()
        return seen[0] != fcntl.F_UNLCK


def lock_of_the_open_file():
    with open(SHARED) as file:
        fcntl.fcntl(file, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, 0, 0, 0))


def lease():
    with open(SHARED) as file:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)


def lease_in_scratch():
    Path("leased").write_text("x")
    with open("leased") as file:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)


def note_of_a_folder():
    fcntl.fcntl(os.open(os.path.dirname(SHARED), os.O_RDONLY), fcntl.F_NOTIFY, fcntl.DN_ACCESS)


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")


def page_cache():
    with open(SHARED) as file:
        checked(LIBC.syscall(451, file.fileno(), bytes(16), bytes(40), 0))


class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return successes(
            whole_file=whole_file,
            range_of_bytes=range_of_bytes,
            lock_of_the_open_file=lock_of_the_open_file,
            lease=lease,
            lease_in_scratch=lease_in_scratch,
            note_of_a_folder=note_of_a_folder,
            watch=lambda: checked(LIBC.inotify_init1(0)),
            watch_of_all=lambda: checked(LIBC.fanotify_init(0, 0)),
            page_cache=page_cache,
        )

"""Mounts a sandbox's scratch folder, then becomes the worker: the first program of a sandbox.

A sandbox made by bubblewrap has every mount of a container but one: nothing there limits how many
files a folder holds. So its first process may mount, mounts the scratch folder with both limits,
gives that right up for good, and runs the worker in its own place. Nothing of a submission has been
loaded by then. Standard library only; it is run by path, without site packages.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from typing import NoReturn

_NOSUID, _NODEV, _NOEXEC = 2, 4, 8
_PR_CAP_AMBIENT, _CLEAR_ALL = 47, 4


def main(folder: str, megabytes: str, files: str, command: list[str]) -> NoReturn:
    """Mount a folder of limited size, drop all capabilities, and run a command there.

    Args:
        folder: Where to mount; it exists.
        megabytes: Its size in MiB.
        files: How many files it may hold.
        command: The worker's program and its arguments, for this interpreter.

    Raises:
        OSError: The kernel refuses the mount, or does not take the capabilities back.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"size={megabytes}m,nr_inodes={files},mode=0700".encode()
    place = folder.encode()
    _check(libc.mount(b"scratch", place, b"tmpfs", _NOSUID | _NODEV | _NOEXEC, options), "mount")
    _check(libc.prctl(_PR_CAP_AMBIENT, _CLEAR_ALL, 0, 0, 0), "prctl")
    _check(libc.capset(struct.pack("=Ii", 0x20080522, 0), bytes(24)), "capset")
    os.chdir(folder)
    os.execv(sys.executable, [sys.executable, *command])


def _check(result: int, call: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])

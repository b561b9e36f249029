"""Who started a container or made a temporary folder: a mark that tells whether that process lives.

A process that is killed leaves its containers and folders behind. The next run on the same machine
finds them by their mark and removes them; it never touches those of a living run.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "zcnas-"
"""Of every temporary folder of ours."""
MARK = "owner"
"""The file in such a folder that holds the mark of its process."""
_STATE, _START = 0, 19
"""Fields of ``/proc/<pid>/stat`` behind the name: the state, and when the process started, in ticks
since the machine did, which no change of the clock moves."""
_ENDED = ("Z", "X")


def owner_mark(pid: int | None = None) -> str:
    """Return the mark of a process, by default of this one.

    It names the boot of the machine, the namespace of process numbers, the process number, and the
    moment the process started: together they never come again.

    Raises:
        ProcessLookupError: There is no such process, or it has ended and nobody has noticed.
    """
    number = os.getpid() if pid is None else pid
    try:
        content = Path(f"/proc/{number}/stat").read_text()
    except FileNotFoundError:
        raise ProcessLookupError(f"no process {number}") from None
    fields = content.rpartition(")")[2].split()
    if fields[_STATE] in _ENDED:
        raise ProcessLookupError(f"process {number} has ended")
    return f"{_machine()}/{number}/{fields[_START]}"


def owner_is_gone(mark: str) -> bool:
    """Return whether the process of a mark has ended.

    False where that cannot be told: the mark is of another machine, or of a container on this one.
    """
    machine, _, process = mark.rpartition("/")[0].rpartition("/")
    if machine != _machine() or not process.isdecimal():
        return False
    try:
        return owner_mark(int(process)) != mark
    except ProcessLookupError:
        return True


def make_owned_folder(purpose: str) -> Path:
    """Make a temporary folder that bears the mark of this process, and return it.

    Everybody may look into it, as containers do; the mark is for this user.

    Args:
        purpose: Part of its name.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{purpose}-"))
    descriptor = os.open(folder / MARK, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w") as file:  # noqa: PTH123 - a descriptor
        file.write(owner_mark())
    folder.chmod(0o755)
    return folder


@contextlib.contextmanager
def owned_folder(purpose: str) -> Iterator[Path]:
    """Yield a temporary folder that bears the mark of this process, and remove it at the end."""
    folder = make_owned_folder(purpose)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def left_folders() -> list[Path]:
    """Return the temporary folders of this user whose process has ended."""
    return [folder for folder in _marked_folders() if owner_is_gone(_mark_of(folder))]


def remove_left_folders() -> int:
    """Remove the temporary folders that killed processes of this user left; return how many."""
    folders = left_folders()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return len(folders)


def _marked_folders() -> Iterator[Path]:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            if status.st_uid == os.geteuid() and folder.is_dir() and not folder.is_symlink():
                yield folder


def _mark_of(folder: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return (folder / MARK).read_text()
    return ""


def _machine() -> str:
    """Return the boot, the namespace, and how times are told: versions that differ leave be."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}/ticks"

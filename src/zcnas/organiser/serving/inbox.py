"""Which files of the inbox are whole.

A file is taken when it has not changed for a moment, nobody on this machine has it open for writing
and it ends as a zip does; one that does not is a copy that has stalled, or no zip, and is taken
after a longer time, to be answered. Links and special files are never opened.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import os
import signal
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zcnas.submissions.finding import why_not_taken
from zcnas.submissions.names import ZIP

SETTLE_S = 2.0
"""How long a file must not have changed."""
PATIENCE_S = 120.0
"""How long one must not have changed that does not end as a zip does."""
PER_TEAM = 20
"""Files of a team that are taken in one look, so that no team keeps the others waiting."""
MAX_LISTED = 20
"""Things a team is told are not taken."""
CHOICE_FILE = "chosen.txt"
"""In which a team says which of its attempts is to count; ``choosing.py`` reads it."""
_F_SETSIG = 10
"""From <fcntl.h>; Python names it on some systems only."""


@dataclass(frozen=True)
class WholeFile:
    """A complete file in a team's folder.

    Attributes:
        team: The folder's name.
        path: The file.
        size: In bytes.
        changed_at: When it was written last, or moved there; seconds since 1970. The kernel's
            record: nobody who hands something in can set it.
        arrival: Names this very file: its place, what the kernel knows it by, when it changed.
    """

    team: str
    path: Path
    size: int
    changed_at: float
    arrival: str


class Inbox:
    """A folder of folders of teams.

    Args:
        folder: The inbox.
        settle_s: How long a file must not have changed.
        patience_s: The same for one that does not end as a zip does.
        clock: Tells seconds.
    """

    def __init__(
        self,
        folder: Path,
        settle_s: float = SETTLE_S,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._settle_s = settle_s
        self._patience_s = patience_s
        self._clock = clock
        self._seen: dict[str, tuple[str, float]] = {}

    def whole_files(self) -> Iterator[WholeFile]:
        """Yield the files that are whole, a few of each team, the first that was complete first."""
        seen: dict[str, tuple[str, float]] = {}
        for team in teams_in(self._folder):
            settled = sorted(self._settled(team, seen), key=lambda each: each[0].st_ctime_ns)
            whole = (
                WholeFile(team, path, status.st_size, status.st_ctime, arrival)
                for status, name, arrival in settled
                if self._is_whole(path := self._folder / team / name, seen[f"{team}/{name}"][1])
            )
            yield from itertools.islice(whole, PER_TEAM)
        self._seen = seen

    def _settled(
        self, team: str, seen: dict[str, tuple[str, float]]
    ) -> Iterator[tuple[os.stat_result, str, str]]:
        """Yield a team's zips that have not changed for a moment; note since when each has not.

        With status, name and arrival; a folder of thousands is looked at twice a second.
        """
        for entry in sorted(_entries_of(self._folder / team), key=lambda each: each.name):
            if entry.name.startswith(".") or not _is_zip_name(entry.name):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if not stat.S_ISREG(status.st_mode):
                continue
            place = f"{team}/{entry.name}"
            arrival = f"{place}:{status.st_ino}:{status.st_ctime_ns}:{status.st_size}"
            known, since = self._seen.get(place, ("", 0.0))
            if known != arrival:
                since = self._clock()
            seen[place] = arrival, since
            if self._clock() - since >= self._settle_s:
                yield status, entry.name, arrival

    def _is_whole(self, path: Path, since: float) -> bool:
        """Open a file, and return whether nobody writes it and it ends as a zip does, or never.

        Args:
            path: The file.
            since: When it was seen for the first time as it is.
        """
        patient = self._clock() - since < self._patience_s
        with contextlib.suppress(OSError), opened(path) as descriptor:
            return not (is_being_written(descriptor) or (patient and not _ends_as_zip(descriptor)))
        return True


def teams_in(inbox: Path) -> list[str]:
    """Return the names of the teams' folders, in order; links are none."""
    with contextlib.suppress(FileNotFoundError), os.scandir(inbox) as entries:
        return sorted(
            entry.name
            for entry in entries
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
        )
    return []


def not_taken(folder: Path) -> list[str]:
    """Return what lies in a team's folder and is not taken, each with the reason."""
    reasons: list[str] = []
    others = [each for each in _entries_of(folder) if _may_be_strange(each)]
    for entry in sorted(others, key=lambda each: each.name):
        if len(reasons) == MAX_LISTED:
            break
        if entry.is_symlink():
            reasons.append(f"{entry.name}: a link; put the zip itself there")
        elif entry.is_dir():
            reasons.append(f"{entry.name}: a folder; put a zip of it there")
        elif reason := why_not_taken(Path(entry.path)):
            reasons.append(f"{entry.name}: {reason}")
    return reasons


def read_whole(file: WholeFile, limit: int) -> bytes | None:
    """Return a file's bytes, at most ``limit``; None if it is no longer the one that was seen.

    Raises:
        OSError: It cannot be read.
    """
    with opened(file.path) as descriptor:
        if not _is_still(file, os.fstat(descriptor)):
            return None
        with open(os.dup(descriptor), "rb") as stream:  # noqa: PTH123 - a descriptor
            content = stream.read(limit)
        return content if _is_still(file, os.fstat(descriptor)) else None


def remove_taken(file: WholeFile) -> None:
    """Remove a file that has been answered, unless another is in its place by now."""
    with contextlib.suppress(OSError):
        if _is_still(file, file.path.lstat()):
            file.path.unlink()


def is_being_written(descriptor: int) -> bool:
    """Return whether the kernel says that somebody on this machine has a file open for writing.

    It says so to the file's owner and to root, by refusing a lease; of others' files and on some
    file systems nobody knows, which is False.
    """
    try:
        # A lease that is broken sends a signal; this one is ignored by default.
        fcntl.fcntl(descriptor, _F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    """Yield a descriptor of a file of a team's; of a link, a device or a pipe none is waited for.

    Raises:
        OSError: It cannot be opened, or is a link.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _entries_of(folder: Path) -> list[os.DirEntry[str]]:
    """Return what lies in a team's folder; nothing if it cannot be looked into."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return list(entries)
    return []


def _is_zip_name(name: str) -> bool:
    """Return whether a name ends as a zip's does; a path's worth of work is too much for each."""
    return os.path.splitext(name)[1].lower() == ZIP  # noqa: PTH122


def _may_be_strange(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry may be something that is not taken, by what needs no further look."""
    plain = entry.is_file(follow_symlinks=False)
    return not plain or not (_is_zip_name(entry.name) or entry.name == CHOICE_FILE)


def _is_still(file: WholeFile, status: os.stat_result) -> bool:
    told = f":{status.st_ino}:{status.st_ctime_ns}:{status.st_size}"
    return file.arrival.endswith(told) and stat.S_ISREG(status.st_mode)


def _ends_as_zip(descriptor: int) -> bool:
    with open(os.dup(descriptor), "rb") as stream:  # noqa: PTH123 - a descriptor
        return zipfile.is_zipfile(stream)

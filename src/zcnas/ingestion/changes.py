"""Whether the files of a submission stay what they were while it runs.

A submission that rewrites its own files is another one afterwards, and its answers belong to no
digest. The time of a file's last change (ctime) is the kernel's: a process without rights over the
clock cannot set it back, as it can the content and the time of its last writing.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from zcnas.submissions import MAX_FILES, digest_of

_MAX_ENTRIES = 4 * MAX_FILES
"""More entries than any accepted submission has: others put them there."""


@dataclass(frozen=True)
class Snapshot:
    """A submission's folders at one moment.

    Attributes:
        content: Digest of what runs.
        entries: Path to mode, inode, size and times of everything in both folders.
    """

    content: str
    entries: dict[str, tuple[int, ...]]

    def changed_in(self, later: Snapshot) -> str:
        """Return the name of something that is not what it was; empty if nothing is."""
        for path in sorted(self.entries.keys() | later.entries.keys()):
            if self.entries.get(path) != later.entries.get(path):
                return Path(path).name
        return "" if self.content == later.content else "a file's content"


def take_snapshot(submitted: Path, folder: Path) -> Snapshot:
    """Return what a submission consists of now.

    Args:
        submitted: Where the platform put it.
        folder: The copy that runs.
    """
    entries: dict[str, tuple[int, ...]] = {}
    for top in (submitted, folder):
        for path in (top, *top.rglob("*")):
            if len(entries) == _MAX_ENTRIES:
                break
            try:
                status = os.lstat(path)
            except OSError:
                continue  # removed meanwhile: it is missing from this snapshot
            times = status.st_mtime_ns, status.st_ctime_ns
            entries[str(path)] = (status.st_mode, status.st_ino, status.st_size, *times)
    links = any(stat.S_ISLNK(mode) for mode, *_ in entries.values())
    return Snapshot("not read: a link leads elsewhere" if links else digest_of(folder), entries)

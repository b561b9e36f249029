"""What is in a submission's folder. Links and special files are refused, none is opened."""

from __future__ import annotations

import functools
import os
import stat
from pathlib import Path

from zcnas.submissions.bounds import MAX_LISTED, quoted
from zcnas.submissions.entries import Entry, Listing, fault_of_name
from zcnas.submissions.leftovers import ENVIRONMENT_MARKS, leftover


def list_folder(folder: Path) -> Listing:
    """Return what is in a folder; it stops at ``MAX_LISTED`` files, far above what is allowed.

    Raises:
        OSError: A part of it cannot be read.
    """
    listing = Listing()
    pending = [""]
    while pending and len(listing.entries) < MAX_LISTED:
        inside = pending.pop()
        if inside and any((folder / inside / mark).exists() for mark in ENVIRONMENT_MARKS):
            listing.left_out.add(f"{inside}/")
            continue
        with os.scandir(folder / inside) as found:
            children = sorted(found, key=lambda child: child.name)
        for child in children:
            name = f"{inside}/{child.name}" if inside else child.name
            if child.is_dir(follow_symlinks=False):
                if _is_wanted(name, listing, is_folder=True):
                    pending.append(name)
            elif _is_wanted(name, listing, is_folder=False):
                _add_file(name, child, listing)
    return listing


def _is_wanted(name: str, listing: Listing, *, is_folder: bool) -> bool:
    """Return whether a name is neither a leftover nor refused, and note what it is."""
    if left := leftover(name, is_folder=is_folder):
        listing.left_out.add(left)
    elif fault := fault_of_name(name):
        listing.problems.append(fault)
    else:
        return True
    return False


def _add_file(name: str, child: os.DirEntry[str], listing: Listing) -> None:
    seen = child.stat(follow_symlinks=False)
    if stat.S_ISREG(seen.st_mode):
        read = functools.partial(_read_plain, Path(child.path), name, seen.st_size)
        listing.entries.append(Entry(name, seen.st_size, read))
    else:
        listing.problems.append(_not_plain(name))


def _read_plain(path: Path, name: str, size: int) -> bytes:
    """Return a regular file's first ``size`` bytes.

    Raises:
        ValueError: It is no longer a regular file.
        OSError: It cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError(_not_plain(name))
        return file.read(size)


def _not_plain(name: str) -> str:
    return f"{quoted(name)} is a link or a special file; replace it with the file itself"

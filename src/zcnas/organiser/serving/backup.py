"""A copy of everything that cannot be made again, and the way back.

The database is copied with SQLite's own backup while it is in use; then what it names: a run or zip
that is newer than the copy is in the folder and in no row, which does no harm.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

from zcnas.errors import ServingError
from zcnas.organiser.results.folder import CACHE
from zcnas.organiser.serving.layout import Layout, check_local
from zcnas.organiser.serving.store import Store


def back_up(layout: Layout, target: Path) -> int:
    """Copy a server's private folder, whether a server runs or not; return how many attempts.

    Raises:
        ServingError: There is no server's folder, or ``target`` holds something.
    """
    if not layout.database.is_file():
        raise ServingError(f"{layout.folder} is no server's folder: it has no {layout.database}")
    _require_empty(target)
    target.mkdir(parents=True, exist_ok=True)
    target.chmod(0o700)
    with contextlib.closing(Store(layout.database)) as store:
        store.copy_to(target / layout.database.name)
    with contextlib.closing(sqlite3.connect(target / layout.database.name)) as copy:
        names = [row[0] for row in copy.execute("SELECT number FROM attempts")]
        runs = [row[0] for row in copy.execute("SELECT number FROM runs")]
    shutil.copytree(layout.submissions, target / layout.submissions.name)
    for number in runs:
        if layout.run(number).is_dir():
            shutil.copytree(layout.run(number), target / "runs" / str(number))
    if layout.all_results.is_dir():
        shutil.copytree(
            layout.all_results,
            target / layout.all_results.name,
            symlinks=True,
            ignore=shutil.ignore_patterns(CACHE),
        )
    return len(names)


def restore(backup: Path, layout: Layout) -> None:
    """Make a server's folder from a backup; the next `zcnas serve` draws the boards from it.

    Raises:
        ServingError: There is no backup, the folder is in use or on a network disk.
    """
    if not (backup / layout.database.name).is_file():
        raise ServingError(
            f"{backup} is no backup: it has no {layout.database.name}; name a folder that "
            "`zcnas queue backup` has written"
        )
    check_local(layout.folder)
    _require_empty(layout.private)
    layout.private.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(backup, layout.private, symlinks=True, dirs_exist_ok=True)
    layout.make()


def _require_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ServingError(f"{folder} is not an empty folder; name a new one")

"""Restores the scratch folder between queries to the state in which the set-up left it.

Nothing a query writes may reach the next one, and what the set-up wrote must reach all of them.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

Signature = tuple[int, int, int, int, int]


class Scratch:
    """A snapshot of a folder that can be restored.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._signatures: dict[str, Signature] = {}
        self._contents: dict[str, tuple[int, bytes | str | None]] = {}

    def remember(self) -> None:
        """Take the snapshot that ``restore`` brings back; file contents are kept in memory."""
        self._signatures = self._look()
        self._contents = {name: self._content_of(name) for name in self._signatures}

    def restore(self) -> None:
        """Undo every change since ``remember``.

        Raises:
            OSError: Something in the folder cannot be removed or restored.
            RecursionError: Folders are nested too deeply to be removed.
        """
        if self._look() == self._signatures:
            return
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        umask = os.umask(0)  # modes are given at creation: later changes have no effect
        try:
            for name in sorted(self._contents):
                self._create(self.folder / name, *self._contents[name])
        finally:
            os.umask(umask)
        self._signatures = self._look()

    def _create(self, path: Path, mode: int, content: bytes | str | None) -> None:
        if content is None:
            path.mkdir(mode)
        elif isinstance(content, str):
            path.symlink_to(content)
        else:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)

    def _look(self) -> dict[str, Signature]:
        """Return what identifies each entry; only the kernel can set the time of a change."""
        found: dict[str, Signature] = {}
        for parent, folders, files in os.walk(self.folder):
            for name in (*folders, *files):
                path = Path(parent) / name
                seen = path.lstat()
                is_folder = stat.S_ISDIR(seen.st_mode)
                found[path.relative_to(self.folder).as_posix()] = (
                    seen.st_ino,
                    seen.st_mode,
                    0 if is_folder else seen.st_size,
                    0 if is_folder else seen.st_mtime_ns,
                    0 if is_folder else seen.st_ctime_ns,
                )
        return found

    def _content_of(self, name: str) -> tuple[int, bytes | str | None]:
        path = self.folder / name
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return mode, str(path.readlink())
        if stat.S_ISDIR(mode):
            return stat.S_IMODE(mode), None
        return stat.S_IMODE(mode), path.read_bytes() if stat.S_ISREG(mode) else b""

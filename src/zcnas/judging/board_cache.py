"""What earlier boards were made of, by the digest of what it follows from.

A board that is made again after one more entry computes and draws only that entry; everything else
is found here. A key is a digest of the inputs, the seed and the program, and a record is kept with
a digest of its own, so a record that is damaged, of another version or of other inputs is not found
and its content is computed anew. Records are plain numbers and text, never code. A folder that
others may write to is not read: whoever may write here may write the board.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import os
import secrets
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from zcnas.words.wings import PACKAGE, WINGS

_DIGEST_BYTES = 32
_PACKAGES = ("numpy", "jinja2", "markupsafe", "msgspec")
"""Libraries whose version may change a digit or a byte of a board."""


class BoardCache:
    """Records in a folder, found by their keys.

    Args:
        folder: Ours alone; made when the first record is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[str] = set()

    def find(self, key: str) -> bytes | None:
        """Return the record of a key; None if there is none or it is damaged."""
        if not self._is_ours:
            return None
        self._used.add(key)
        try:
            content = (self._folder / key).read_bytes()
        except OSError:
            return None
        digest, record = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        return record if digest == _seal(key, record) else None

    def keep(self, key: str, record: bytes) -> None:
        """Keep a record; where the folder cannot be written to, the next board takes longer."""
        with contextlib.suppress(OSError):
            if not self._folder.exists():
                self._folder.mkdir(mode=0o700, parents=True)
                self.__dict__.pop("_is_ours", None)
            if not self._is_ours:
                return
            self._used.add(key)
            partial = self._folder / f".{secrets.token_hex(8)}"
            partial.write_bytes(_seal(key, record) + record)
            partial.replace(self._folder / key)

    def retain(self, key: str) -> None:
        """Have ``forget_unused`` spare a record that this board does not need but the next may."""
        self._used.add(key)

    def forget_unused(self) -> None:
        """Remove the records that nobody has asked for, kept or retained with this object."""
        if not self._is_ours:
            return
        with contextlib.suppress(OSError):
            for path in list(self._folder.iterdir()):
                if path.name not in self._used:
                    path.unlink()

    @functools.cached_property
    def _is_ours(self) -> bool:
        """Whether the folder is there, belongs to us and nobody else may write to it."""
        try:
            status = self._folder.lstat()
        except OSError:
            return False
        if not stat.S_ISDIR(status.st_mode):
            return False
        if sys.platform == "win32":
            return True
        return status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def key_of(kind: str, *inputs: object) -> str:
    """Return the key of a record of a kind that follows from these inputs and the program.

    Args:
        kind: What the record holds.
        inputs: As MessagePack takes them, in a fixed order.
    """
    digest = hashlib.sha256(program_digest())
    digest.update(msgspec.msgpack.encode((kind, inputs)))
    return digest.hexdigest()


def digest_of_files(folder: Path, names: Iterable[str]) -> bytes:
    """Return a digest of the contents of files in a folder, those that are not there included.

    A board of 200 entries asks for 22,400 files, so the folder is listed once and paths are text.
    """
    digest = hashlib.sha256()
    try:
        there = {entry.name for entry in os.scandir(folder)}
    except OSError:
        there = set()
    for name in names:
        try:
            content = _content(f"{folder}/{name}") if name in there else None
        except OSError:
            content = None
        if content is None:
            digest.update(b"-")
            continue
        digest.update(b"%d:" % len(content))
        digest.update(content)
    return digest.digest()


def _content(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - twice as quick as a Path's
        return file.readall()


@functools.cache
def program_digest() -> bytes:
    """Return a digest of what makes boards: our code and templates, Python, the libraries."""
    digest = hashlib.sha256(sys.version.encode())
    for name in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    rooms = (*WINGS["words"].rooms, *WINGS["judging"].rooms)
    for room in rooms:
        files = [PACKAGE / f"{room}.py", *(PACKAGE / room).rglob("*")]
        for path in sorted(each for each in files if each.suffix in _SOURCES and each.is_file()):
            digest.update(path.relative_to(PACKAGE).as_posix().encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


_SOURCES = (".py", ".html", ".css", ".js")


def _seal(key: str, record: bytes) -> bytes:
    return hashlib.sha256(key.encode() + record).digest()

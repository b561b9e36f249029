"""A user of its own for a worker that was started as root, outside a container.

Files of root are then not its own, and what the kernel counts and limits per user is. Standard
library only.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterable
from pathlib import Path

_PACKAGES = ("os", "numpy", "torch")
"""Modules that stand for the folders they lie in."""


def take_account(user: int, folders: Iterable[Path], scratch: Path) -> str:
    """Become a user for good, if it can read all that a worker needs.

    Args:
        user: The user's number; its group has the same.
        folders: The program and the submission; the interpreter and its packages are added.
        scratch: The folder it is to own.

    Returns:
        Who this process is now and, where it could not change, why; no path of this machine.
    """
    if os.getuid() != 0:
        return f"user {os.getuid()} (the recorder's own)"
    if obstacle := _obstacle(user, folders):
        return f"user 0 (user {user} cannot {obstacle})"
    os.chown(scratch, user, user)
    _become(user)
    return f"user {user}"


def _become(user: int) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _obstacle(user: int, folders: Iterable[Path]) -> str:
    """Return what a user cannot do, as a child that becomes it finds out; "" if nothing."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, _try_as(user, folders).encode(errors="replace")[:300])
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        found = answer.read().decode(errors="replace")
    failed = os.waitpid(child, 0)[1] != 0
    return found or ("be tried" if failed else "")


def _try_as(user: int, folders: Iterable[Path]) -> str:
    try:
        _become(user)
    except OSError as error:
        return f"be taken: {error.strerror}"
    if not os.access(sys.executable, os.X_OK):
        return "run this Python"
    modules = [sys.modules[name].__file__ for name in _PACKAGES if name in sys.modules]
    if not all(_can_read(Path(file)) for file in modules if file):
        return "read this Python's packages"
    below = (itertools.chain([folder], folder.rglob("*")) for folder in folders)
    if not all(map(_can_read, itertools.chain.from_iterable(below))):
        return "read program and submission"
    return ""


def _can_read(path: Path) -> bool:
    return os.access(path, os.R_OK) and (not path.is_dir() or os.access(path, os.X_OK))

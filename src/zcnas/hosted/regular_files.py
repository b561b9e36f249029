"""Reading and creating files in folders that a stranger may write to as well.

A name there may be a link to anywhere, a pipe that never ends, or a device: only a regular file
that really lies in the folder is read, and a file is created only where there is none.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 1 << 30
"""No file that our programs pass to each other comes near this size."""


def read_regular(path: Path, max_bytes: int = MAX_BYTES) -> bytes | None:
    """Return the content of a regular file; None for whatever else is there, or nothing."""
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags)
    except OSError:
        return None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size > max_bytes:
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(max_bytes + 1)
    return content if len(content) <= max_bytes else None


def create_regular(path: Path) -> BinaryIO:
    """Return a new file open for writing; nothing that is there already is followed or truncated.

    Raises:
        OSError: Something is there, or a file cannot be created.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o644), "wb")

"""Whether this machine can read a submission at all; what it cannot read is no fault of anybody's.

Every byte that may be taken is read once before anything is judged. So a file of another user's, a
network folder that answers with errors and a submission that vanishes meanwhile are told apart from
a submission that is damaged.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from zcnas.errors import OrganiserError, UsageError
from zcnas.submissions.bounds import MAX_BYTES, MAX_FILES
from zcnas.submissions.folders import list_folder


def check_access(path: Path) -> None:
    """Do nothing if a submission's folder or zip can be read, up to the limits on a submission.

    Raises:
        OrganiserError: This machine cannot read it, or part of it.
        UsageError: It is neither a folder nor a file.
    """
    if not os.path.lexists(path):
        raise UsageError(f"{path}: no such folder or zip; name a submission")
    try:
        if path.is_dir():
            _read_folder(path)
        elif stat.S_ISREG(path.stat().st_mode):
            with path.open("rb") as file:
                file.read(MAX_BYTES)
        else:
            raise UsageError(f"{path}: neither a folder nor a zip; name a submission")
    except OSError as error:
        raise OrganiserError(
            f"this machine cannot read the submission: {error.strerror} ({error.filename or path});"
            " nothing of it was loaded. Let this user read it, then repeat the command"
        ) from None


def _read_folder(folder: Path) -> None:
    """Read a folder's files until the limits are reached.

    Raises:
        OSError: One cannot be read.
    """
    size = 0
    for entry in list_folder(folder).entries[: MAX_FILES + 1]:
        if size > MAX_BYTES:
            return
        size += entry.size
        with contextlib.suppress(ValueError):  # it is no plain file any more, and refused later
            entry.read()

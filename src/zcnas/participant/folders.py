"""Where a submission's files are while it is tried: in place, or unpacked from a zip."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from zcnas.submissions import find_submission
from zcnas.submissions.finding import Say


@contextlib.contextmanager
def submission_folder(path: Path, say: Say) -> Iterator[Path]:
    """Yield the folder with a submission's files, as an absolute path.

    A folder is used in place, so that a debugger shows the participant's own files.

    Args:
        path: The submission, or a folder with one.
        say: Told of everything in that folder that is not taken, and why.

    Raises:
        InvalidSubmission: There is no submission, or the zip cannot be accepted.
    """
    found = find_submission(path, say)
    if found.is_dir():
        yield found.resolve()
        return
    from zcnas.submissions import open_submission

    with tempfile.TemporaryDirectory(prefix="zcnas-try-") as folder:
        yield open_submission(found, Path(folder).resolve() / "submission").folder

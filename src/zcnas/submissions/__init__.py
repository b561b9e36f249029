"""What participants hand in.

Found, checked, copied out, packed. Nothing of a submission is executed here.

A submission is a folder or a zip with ``predictor.py`` (or ``submission.py``, its name in 2022),
helper modules beside it and possibly an empty file ``metadata``; a zip may hold one top folder.
Every problem is reported, not the first.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from zcnas.errors import InvalidSubmission
from zcnas.submissions.archives import zip_files
from zcnas.submissions.bounds import JUNK, MAX_BYTES, MAX_FILES, MAX_SOURCE_BYTES, is_junk
from zcnas.submissions.content import METADATA, problems_of
from zcnas.submissions.reading import read_files
from zcnas.worker.contract import ENTRY_POINTS

__all__ = [
    "MAX_BYTES",
    "MAX_FILES",
    "MAX_SOURCE_BYTES",
    "Submission",
    "digest_of",
    "find_submissions",
    "open_submission",
    "pack_submission",
    "submission_name",
]

MAX_NAME_LENGTH = 64


@dataclass(frozen=True)
class Submission:
    """A checked submission, unpacked.

    Attributes:
        name: Folder or zip name; its name on the leaderboard.
        folder: A copy that only holds what was accepted, readable by every user.
        sha256: Digest of the content, independent of how it was packed.
    """

    name: str
    folder: Path
    sha256: str


def find_submissions(path: Path) -> list[Path]:
    """Return every submission in a folder by name, or the folder or zip itself if it is one.

    Raises:
        InvalidSubmission: There is nothing at ``path``, or no submission in it.
    """
    if path.suffix == ".zip" or any((path / name).is_file() for name in ENTRY_POINTS):
        return [path]
    if not path.is_dir():
        raise InvalidSubmission(str(path), ["there is no such folder or zip"])
    found = sorted(
        entry
        for entry in path.iterdir()
        if entry.name not in JUNK
        and not entry.name.startswith(".")
        and (entry.is_dir() or entry.suffix == ".zip")
    )
    if not found:
        raise InvalidSubmission(
            str(path), [f"no submission in it: expected folders or zips with {ENTRY_POINTS[0]}"]
        )
    return found


def submission_name(path: Path) -> str:
    """Return the name of the submission at ``path``: its folder's, or its zip's without the ending.

    The name becomes a folder of the results and a line of the leaderboard, so characters that could
    mean something to a terminal, a shell, a page or a spreadsheet become ``_``. Results have a
    folder that holds nothing else, so no name is reserved.
    """
    path = path.resolve()
    raw = path.stem if path.suffix == ".zip" else path.name
    name = re.sub(r"[^\w .-]", "_", raw)[:MAX_NAME_LENGTH].strip().lstrip(".-")
    return name or "_"


def open_submission(path: Path, into: Path) -> Submission:
    """Check a folder or zip and copy what was accepted into the folder ``into``.

    Raises:
        InvalidSubmission: With every reason found.
    """
    files = _accepted_files(path)
    for relative, content in files.items():
        target = into / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o644)
    for folder in (into, *(entry for entry in into.rglob("*") if entry.is_dir())):
        folder.chmod(0o755)
    return Submission(submission_name(path), into, digest_of(into))


def pack_submission(path: Path, target: Path) -> Path:
    """Check a submission and zip it as the platforms want it.

    Files at the root, and an empty ``metadata``.

    The same content gives the same bytes.

    Raises:
        InvalidSubmission: With every reason found.
    """
    files = packed_files(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(zip_files(files))
    return target


def packed_files(path: Path) -> dict[str, bytes]:
    """Return the files a packed submission holds, by name.

    Raises:
        InvalidSubmission: With every reason found.
    """
    return {**_accepted_files(path), "metadata": b""}


def digest_of(folder: Path) -> str:
    """Return the SHA-256 of a submission's files, names included, without ``metadata`` and junk."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and str(relative) not in METADATA and not is_junk(relative.parts):
            content = path.read_bytes()
            digest.update(f"{relative.as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _accepted_files(path: Path) -> dict[str, bytes]:
    problems: list[str] = []
    files = read_files(path, problems)
    if files or not problems:
        problems += problems_of(files)
    if problems:
        raise InvalidSubmission(submission_name(path), problems)
    return files

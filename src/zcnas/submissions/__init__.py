"""Submissions: how they are found, checked, unpacked and packed. No submitted code is run here.

A submission is a folder or a zip with ``predictor.py`` (or ``submission.py``, its name in 2022),
helper modules beside it and possibly an empty file ``metadata``; a zip may have one top-level
folder. All problems are reported, not just the first.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from zcnas.errors import InvalidSubmission, OrganiserError
from zcnas.phases import Phase
from zcnas.submissions.access import check_access
from zcnas.submissions.archives import zip_files
from zcnas.submissions.bounds import MAX_BYTES, MAX_FILES, MAX_SOURCE_BYTES
from zcnas.submissions.content import METADATA, problems_of
from zcnas.submissions.finding import find_submission, find_submissions
from zcnas.submissions.folders import list_folder
from zcnas.submissions.names import submission_name
from zcnas.submissions.reading import Contents, read_files
from zcnas.submissions.remarks import remarks_of
from zcnas.submissions.sources import parse_source
from zcnas.submissions.track import track_of
from zcnas.words.entry_points import ENTRY_POINTS
from zcnas.words.tracks import FEW_LABELS, ZERO_SHOT, Track

__all__ = [
    "MAX_BYTES",
    "MAX_FILES",
    "MAX_SOURCE_BYTES",
    "Submission",
    "accepted_contents",
    "check_track",
    "digest_of",
    "find_submission",
    "find_submissions",
    "open_submission",
    "pack_submission",
    "stated_track",
    "submission_name",
]


@dataclass(frozen=True)
class Submission:
    """A checked submission, unpacked.

    Attributes:
        name: The folder's or zip's name, which is also its name on the leaderboard.
        folder: A copy that holds only accepted files, readable by every user.
        sha256: Digest of the content, whichever way it was packed.
        remarks: What is accepted and still worth a line, as files that are left out.
        track: The track it states.
    """

    name: str
    folder: Path
    sha256: str
    remarks: tuple[str, ...] = ()
    track: Track = ZERO_SHOT


def open_submission(path: Path, into: Path) -> Submission:
    """Return the submission in a folder or zip, checked and copied into the folder ``into``.

    Raises:
        InvalidSubmission: Lists every reason found.
        OrganiserError: This machine cannot read it.
    """
    accepted = accepted_contents(path)
    for relative, content in accepted.files.items():
        target = into / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o644)
    for folder in (into, *(entry for entry in into.rglob("*") if entry.is_dir())):
        folder.chmod(0o755)
    return Submission(
        name=submission_name(path),
        folder=into,
        sha256=digest_of(into),
        remarks=tuple(remarks_of(accepted)),
        track=_track_in(accepted),
    )


def stated_track(path: Path) -> Track:
    """Return the track that a submission states; the first of all for one that is refused."""
    try:
        return _track_in(accepted_contents(path))
    except (InvalidSubmission, OrganiserError):
        return ZERO_SHOT


def _track_in(accepted: Contents) -> Track:
    (entry_point,) = accepted.files.keys() & set(ENTRY_POINTS)
    return track_of(parse_source(entry_point, accepted.files[entry_point]), entry_point)


def check_track(submission: Submission, phase: Phase) -> None:
    """Check that a phase has the track a submission states.

    Raises:
        InvalidSubmission: It gives no labels, and the submission wants some.
    """
    if submission.track == FEW_LABELS and not phase.labels:
        reason = (
            f"it states the track {FEW_LABELS}, and phase '{phase.name}' gives no labels; submit "
            "it to a phase that does (see `zcnas phases`), or state another track"
        )
        raise InvalidSubmission(submission.name, [reason])


def pack_submission(path: Path, target: Path) -> Path:
    """Check a submission, zip it for upload to a platform and return the zip's path.

    The files are at the zip's root, with an empty ``metadata``. Equal content gives equal bytes.

    Raises:
        InvalidSubmission: Lists every reason found.
        OrganiserError: This machine cannot read it.
    """
    files = packed_files(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(zip_files(files))
    return target


def packed_files(path: Path) -> dict[str, bytes]:
    """Return the files of a packed submission by name.

    Raises:
        InvalidSubmission: Lists every reason found.
    """
    return {**accepted_contents(path).files, "metadata": b""}


def digest_of(folder: Path) -> str:
    """Return the SHA-256 of a folder's files and their names.

    ``metadata`` and what tools leave behind are left out.
    """
    digest = hashlib.sha256()
    for entry in sorted(list_folder(folder).entries, key=lambda entry: entry.name.split("/")):
        if entry.name not in METADATA:
            content = entry.read()
            digest.update(f"{entry.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def accepted_contents(path: Path) -> Contents:
    """Return what is in a submission, checked.

    Raises:
        InvalidSubmission: Lists every reason found.
        OrganiserError: This machine cannot read it.
    """
    check_access(path)
    problems: list[str] = []
    contents = read_files(path, problems)
    if contents.files or not problems:
        problems += problems_of(contents.files)
    if problems:
        raise InvalidSubmission(submission_name(path), problems)
    return contents

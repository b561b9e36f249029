"""A stranger's submission on the worker's disk: unpacked as a platform does, within our limits.

A platform takes whatever a zip holds. Here the limits of intake hold, and a folder's links and
special files are refused: intake would refuse such a submission, and this machine is not a
platform's.
"""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
from pathlib import Path

from zcnas.errors import InvalidSubmission
from zcnas.organiser.platforms.emulator.outputs import StepFailed
from zcnas.organiser.platforms.emulator.rules import Rules
from zcnas.submissions import MAX_BYTES, MAX_FILES, submission_name
from zcnas.submissions.bounds import quoted

FILE_MODE, INNER_FOLDER_MODE = 0o644, 0o755
_UNREADABLE = (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError)
"""What the standard library raises for a damaged, encrypted or unsupported zip."""


def unpack_submission(path: Path, target: Path, rules: Rules) -> None:
    """Unpack what a participant uploads into an empty folder: a zip, or a folder with its content.

    Names that lead outside a zip lose that part, and links in one become plain files, as on the
    platforms; nothing else is changed, and packing tools' leftovers stay.

    Raises:
        StepFailed: It is not a zip.
        InvalidSubmission: It is larger than intake allows, or a folder with links.
    """
    if path.is_dir():
        _copy_folder(path, target)
    else:
        _extract(path, target)
    if rules.lifts_top_folder:
        _lift_top_folder(target, rules)
    set_modes(target)


def set_modes(folder: Path) -> None:
    """Give everything below a folder the modes that a platform's unpacking leaves."""
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(INNER_FOLDER_MODE if path.is_dir() else FILE_MODE)


def _extract(path: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_size(path, len(entries), sum(entry.file_size for entry in entries))
            archive.extractall(target)
    except _UNREADABLE as error:
        raise StepFailed(f"Bad or empty zip file ({error})") from None


def _copy_folder(path: Path, target: Path) -> None:
    count = size = 0
    for folder, names, files in os.walk(path):
        for name in (*names, *files):
            found = (inner := Path(folder, name)).lstat()
            if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
                raise InvalidSubmission(
                    submission_name(path),
                    [
                        f"{quoted(os.path.relpath(inner, path))} is a link or a special file; "
                        "replace it with the file itself"
                    ],
                )
            count, size = count + 1, size + found.st_size
            _check_size(path, count, size)
    shutil.copytree(path, target, dirs_exist_ok=True, symlinks=True)


def _check_size(path: Path, count: int, size: int) -> None:
    if count > MAX_FILES or size > MAX_BYTES:
        raise InvalidSubmission(
            submission_name(path),
            [
                f"it has {count} files and folders with {size} bytes or more; a submission may "
                f"have {MAX_FILES} and {MAX_BYTES >> 20} MiB unpacked"
            ],
        )


def _lift_top_folder(target: Path, rules: Rules) -> None:
    """Replace a folder by the first folder in it that has metadata, unless it has its own."""
    names = sorted(path.name for path in target.iterdir())
    if len(names) > 2 and rules.metadata_names[0] in names:
        return
    for name in names:
        if (target / name).is_dir() and (target / name / rules.metadata_names[0]).is_file():
            aside = target.with_name(f"{target.name}_tmp")
            (target / name).rename(aside)
            shutil.rmtree(target)
            aside.rename(target)
            return

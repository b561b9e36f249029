"""Which submissions a folder holds; whatever else is in it is named.

Whoever asks hands over where to say so, because a submission that is passed over in silence is
noticed after the deadline, if at all.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from zcnas.errors import OrganiserError, UsageError
from zcnas.submissions.leftovers import leftover, listed
from zcnas.submissions.names import is_zip_name, place_of, shown
from zcnas.words.entry_points import ENTRY_POINTS

ARRIVALS_FILE = "submissions.csv"
"""The one file beside submissions that is read; ``roster.py`` says what for."""
OTHER_ARCHIVES = (
    *(".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".lzma", ".z"),
    *(".rar", ".7z", ".zipx", ".cab", ".jar", ".iso"),
)

Say = Callable[[str], None]
"""Takes a line for the person at the terminal."""


def find_submissions(path: Path, say: Say) -> list[Path]:
    """Return the submissions in a folder, sorted by name, or the path itself if it is one.

    An entry point stands for its folder.

    Args:
        path: A submission, or a folder of them.
        say: Told of everything in the folder that is not taken, and why.

    Raises:
        UsageError: ``path`` does not exist, is neither folder nor zip, or holds no submission.
        OrganiserError: It cannot be read.
    """
    with _readable(path):
        return _find(path, say)


def find_submission(path: Path, say: Say) -> Path:
    """Return the one submission at a path: a folder, a zip, or an entry point's folder.

    A folder that holds neither an entry point nor submissions is returned as it is: opening it says
    what is wrong with it.

    Args:
        path: A submission, or a folder with one.
        say: Told of everything in the folder that is not taken, and why.

    Raises:
        UsageError: There is nothing at the path, or a folder of several submissions.
        OrganiserError: It cannot be read.
    """
    with _readable(path):
        if not path.is_dir() or _has_entry_point(path):
            return _find(path, say)[0]
        folders, passed_over = _sorted_out(path)
        found = list(_submissions_among(folders))
        if not found:
            return path
        if len(found) > 1:
            raise UsageError(
                f"{path}: this is a folder of submissions; name one of them: "
                f"{listed(each.name for each in found)}"
            )
        if others := [each for each in folders if each not in found]:
            passed_over[f"a folder without {ENTRY_POINTS[0]}"] = others
        _name_passed_over(path, passed_over, say)
        return found[0]


def _find(path: Path, say: Say) -> list[Path]:
    if path.name in ENTRY_POINTS and path.is_file():
        return [path.parent]
    if is_zip_name(path) and not path.is_dir():
        if not path.is_file():
            raise UsageError(
                f"{path}: there is no such zip; give a submission, or a folder of them"
            )
        return [path]
    if not path.is_dir():
        what = "neither a folder nor a zip" if path.exists() else "no such folder or zip"
        raise UsageError(f"{path}: {what}; give a folder of submissions, or one submission")
    found, passed_over = _sorted_out(path)
    if _has_entry_point(path):
        _name_inner(path, found, say)
        return [path]
    _name_passed_over(path, passed_over, say)
    if not found:
        raise UsageError(
            f"{path}: it contains no submission; expected folders or zips with {ENTRY_POINTS[0]}"
        )
    return found


def unique(paths: Sequence[Path], say: Say) -> list[Path]:
    """Return the paths without those that come to the same place by the same name again."""
    seen: dict[Path, Path] = {}
    for path in paths:
        place = place_of(path)
        if seen.setdefault(place, path) is not path:
            say(f"{path} is given more than once and counts once")
    return list(seen.values())


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Tell a missing permission as what it is: this machine's, not the participant's."""
    try:
        yield
    except PermissionError as error:
        raise OrganiserError(
            f"cannot look for submissions in {path}: {error.strerror} ({error.filename}); let this "
            "user read it"
        ) from None


def _sorted_out(folder: Path) -> tuple[list[Path], dict[str, list[Path]]]:
    """Return what in a folder may be a submission, and by reason what is not."""
    taken, passed_over = [], dict[str, list[Path]]()
    for entry in sorted(folder.iterdir()):
        if reason := why_not_taken(entry):
            passed_over.setdefault(reason, []).append(entry)
        else:
            taken.append(entry)
    return taken, passed_over


def _name_passed_over(folder: Path, passed_over: Mapping[str, Sequence[Path]], say: Say) -> None:
    for reason, entries in passed_over.items():
        if names := [shown(entry) for entry in entries if entry.name != ARRIVALS_FILE]:
            say(f"not taken from {folder}: {', '.join(names)}: {reason}")


def why_not_taken(entry: Path) -> str:
    """Return why an entry of a folder of submissions is not one; empty if it is."""
    try:
        mode = entry.stat().st_mode
    except OSError as error:
        return f"it cannot be looked at ({error.strerror}); repair or remove it"
    is_folder = stat.S_ISDIR(mode)
    is_hidden = entry.name.startswith(".")
    if leftover(entry.name, is_folder=is_folder) and not (is_hidden and is_folder):
        return "left behind by a tool"
    if is_hidden:
        return "a name that starts with a dot is hidden; rename it if it is a submission"
    if is_folder:
        return ""
    if not stat.S_ISREG(mode):
        return "neither a file nor a folder"
    return "" if is_zip_name(entry) else _why_no_file(entry)


def _why_no_file(entry: Path) -> str:
    suffix = entry.suffix.lower()
    if suffix in OTHER_ARCHIVES:
        return "an archive of another kind; unpack it, or pack it as a zip"
    if suffix == ".py":
        return f"a single file; put it into a folder of its own as {ENTRY_POINTS[0]}"
    if entry.name.lower().startswith("submission") and entry.name != ARRIVALS_FILE:
        return f"not read; if it says who submitted what, save it as {ARRIVALS_FILE}"
    return "a file that is not a zip"


def _has_entry_point(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ENTRY_POINTS)


def _name_inner(path: Path, found: Sequence[Path], say: Say) -> None:
    """Say which submissions lie in a folder that is one itself."""
    inner = [shown(each) for each in _submissions_among(found)]
    if inner:
        say(
            f"{path} has an entry point at its top and counts as one submission; not scored on "
            f"their own: {', '.join(inner)}. Move {' or '.join(ENTRY_POINTS)} away to score them"
        )


def _submissions_among(entries: Sequence[Path]) -> Iterator[Path]:
    for entry in entries:
        if is_zip_name(entry) or _has_entry_point(entry):
            yield entry

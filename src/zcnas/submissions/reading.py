"""Reads a folder or zip into memory: the relative names and contents of its plain files.

Anything that is not a plain file with a plain name is refused, and so is too much of anything.
What tools left behind is left out (``leftovers.py``), and so is what belongs to the starting kit
(``kit.py``); both are named.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from zcnas.submissions.bounds import MAX_BYTES, MAX_FILES, MAX_LISTED, quoted
from zcnas.submissions.entries import Entry, Listing
from zcnas.submissions.folders import list_folder
from zcnas.submissions.kit import kit_parts
from zcnas.submissions.zips import kind_of, list_zip
from zcnas.words.entry_points import ENTRY_POINTS

_UNREADABLE = (
    *(OSError, zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError),
    *(ValueError, OverflowError, struct.error),
)
"""What the standard library raises for a damaged or unsupported zip."""
_ZIP_MAGIC = b"PK\x03\x04"
_ENTRY_MAGIC = b"PK\x01\x02"
"""Begins each entry of a zip's directory: counted, it bounds them before a name is read."""
_ARCHIVE_ENDINGS = (".zip", ".npz", ".pt", ".pth", ".whl", ".jar", ".egg")


@dataclass(frozen=True)
class Contents:
    """What is in a folder or zip.

    Attributes:
        files: The plain files by relative path, below the top-level folder if there is one.
        left_out: Paths of what is no part of the submission.
        replaced: Paths of files that the zip has more than once; its last entry counts.
    """

    files: dict[str, bytes]
    left_out: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()


def read_files(path: Path, problems: list[str]) -> Contents:
    """Return the contents of a folder or zip; append a problem per refusal.

    A top-level folder is stripped, and one inside it that is alone there.
    """
    try:
        if path.is_dir():
            contents = _read(list_folder(path), problems)
        elif path.stat().st_size > MAX_BYTES:
            problems.append(_too_large([Entry(path.name, path.stat().st_size, bytes)]))
            return Contents({})
        elif (entries := path.read_bytes().count(_ENTRY_MAGIC)) > MAX_LISTED:
            problems.append(
                f"the zip has some {entries} entries, and at most {MAX_LISTED} are looked at; "
                "remove what the predictor can spare"
            )
            return Contents({})
        else:
            with zipfile.ZipFile(path) as archive:
                contents = _read(list_zip(archive), problems)
    except UnicodeDecodeError:
        problems.append("the zip has a file name that is not UTF-8; rename the file and zip again")
        return Contents({})
    except zipfile.BadZipFile as error:
        problems.append(_not_a_zip(path, error))
        return Contents({})
    except _UNREADABLE as error:
        reason = quoted(getattr(error, "strerror", None) or str(error))
        problems.append(f"it cannot be read as a folder or zip: {reason}; zip the folder again")
        return Contents({})
    problems += _nested_bombs(contents.files)
    return contents


def _read(listing: Listing, problems: list[str]) -> Contents:
    """Return the contents of what is listed, unless it is too much."""
    problems += listing.problems
    names = _without_top_folders([entry.name for entry in listing.entries])
    left_out = set(listing.left_out)
    if problem := _too_large(listing.entries):
        problems.append(problem)
        return Contents({}, tuple(sorted(left_out)))
    files: dict[str, bytes] = {}
    for name, entry in zip(names, listing.entries, strict=True):
        try:
            files[name] = entry.read()
        except ValueError as error:
            problems.append(str(error))
            files[name] = b""
    for part in (parts := kit_parts(files)):
        files = {name: content for name, content in files.items() if not name.startswith(part)}
    outermost = {name for name in left_out if not name.startswith(parts)}.union(parts)
    return Contents(files, tuple(sorted(outermost)), tuple(sorted(listing.replaced)))


def _not_a_zip(path: Path, error: Exception) -> str:
    if kind := kind_of(path):
        return f"it is {kind}, not a zip; zip the folder with {ENTRY_POINTS[0]} again"
    reason = quoted(str(error))
    return f"it cannot be read as a folder or zip: {reason}; zip the folder again"


def _too_large(entries: Iterable[Entry]) -> str:
    """Return what to do about too many files or bytes, with the place of most of them, or ""."""
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for entry in entries:
        place, slash, _ = entry.name.rpartition("/")
        counts[place + slash] += 1
        sizes[place + slash] += entry.size
    if counts.total() > MAX_FILES:
        excess, shares, unit = f"has more than {MAX_FILES} files", counts, "of them"
    elif sizes.total() > MAX_BYTES:
        excess, shares, unit = f"is larger than {MAX_BYTES >> 20} MiB unpacked", sizes, "bytes"
    else:
        return ""
    place, share = max(_by_outermost(shares).items(), key=lambda item: item[1])
    where = f"most are in {quoted(place)} ({share} {unit})" if place else ""
    remedy = "remove what the predictor can spare"
    return f"it {excess}; {f'{where}; ' if where else ''}{remedy}"


def _by_outermost(shares: Counter[str]) -> Counter[str]:
    """Return what each folder holds, below the top-level folder that holds everything."""
    names = _without_top_folders(list(shares))
    total: Counter[str] = Counter()
    for name, share in zip(names, shares.values(), strict=True):
        top, slash, _ = name.partition("/")
        total[top + slash if slash else ""] += share
    return total


def _without_top_folders(names: list[str]) -> list[str]:
    """Return paths without the folder, or the folders in each other, that hold everything."""
    while names and all("/" in name for name in names):
        tops = {PurePosixPath(name).parts[0] for name in names}
        if len(tops) > 1:
            break
        top = f"{tops.pop()}/"
        names = [name.removeprefix(top) for name in names]
    return names


def _nested_bombs(files: dict[str, bytes]) -> list[str]:
    """Return a problem for each nested zip that would unpack to more than is allowed.

    Arrays and weights are saved as zips, so a nested zip is acceptable; a zip inside a nested zip
    is not.
    """
    problems = []
    for name, content in files.items():
        if not content.startswith(_ZIP_MAGIC):
            continue
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                inner = archive.infolist()
        except _UNREADABLE:
            continue  # data that only starts like a zip: nobody unpacks it
        deeper = [entry.filename for entry in inner if entry.filename.endswith(_ARCHIVE_ENDINGS)]
        if deeper or sum(entry.file_size for entry in inner) > MAX_BYTES:
            problems.append(
                f"{quoted(name)} is a zip that contains zips or more than {MAX_BYTES >> 20} MiB; "
                "unpack it or remove it"
            )
    return problems

"""Reads a folder or zip into memory: the relative names and contents of its plain files.

Anything that is not a plain file with a plain name is refused, and so is too much of anything.
Declared sizes are checked before a file is read, and reading stops at the declared size.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from zcnas.submissions.bounds import JUNK, MAX_BYTES, MAX_FILES, MAX_NAME_BYTES, is_junk, quoted

_UNREADABLE = (
    *(OSError, zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError),
    *(ValueError, OverflowError, struct.error),
)
"""What the standard library raises for a damaged or unsupported zip."""
_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_ZIP_MAGIC = b"PK\x03\x04"
_ARCHIVE_ENDINGS = (".zip", ".npz", ".pt", ".pth", ".whl", ".jar", ".egg")


def read_files(path: Path, problems: list[str]) -> dict[str, bytes]:
    """Return the plain files of a folder or zip by relative path; append a problem per refusal.

    A single top-level folder is stripped, and junk from packing is dropped.
    """
    try:
        files = _read_folder(path, problems) if path.is_dir() else _read_zip(path, problems)
    except UnicodeDecodeError:
        problems.append("the zip has a file name that is not UTF-8; rename the file and zip again")
        return {}
    except _UNREADABLE as error:
        reason = quoted(getattr(error, "strerror", None) or str(error))
        problems.append(f"it cannot be read as a folder or zip: {reason}; zip the folder again")
        return {}
    files = _without_top_folder(files)
    problems += _nested_bombs(files)
    return files


def _read_folder(folder: Path, problems: list[str]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    size = 0
    for path in _entries(folder):
        name = path.relative_to(folder).as_posix()
        if fault := _fault_of_name(name):
            problems.append(fault)
            continue
        descriptor = _open_plain(path)
        if descriptor is None:
            problems.append(
                f"{quoted(name)} is a link or a special file; replace it with the file itself"
            )
            continue
        with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor
            size += os.fstat(descriptor).st_size
            if _too_large(len(files) + 1, size, problems):
                return files
            files[name] = file.read(MAX_BYTES)
    return files


def _entries(folder: Path) -> Iterator[Path]:
    """Yield everything below a folder except folders, but including links to folders, by name."""

    def raise_it(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=raise_it):
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in links and name not in JUNK)
        for name in sorted([*names, *links]):
            if not is_junk((name,)):
                yield Path(parent) / name


def _open_plain(path: Path) -> int | None:
    """Return a file descriptor, or None if the path is not a regular file."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return None
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def _read_zip(path: Path, problems: list[str]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    if path.stat().st_size > MAX_BYTES:
        _too_large(0, path.stat().st_size, problems)
        return files
    with zipfile.ZipFile(path) as archive:
        entries = []
        for entry in archive.infolist():
            name = _name_of(entry, problems)
            if name is not None and not is_junk(PurePosixPath(name).parts):
                entries.append((name, entry))
        plain = [(name, entry) for name, entry in entries if not name.endswith("/")]
        if _too_large(len(plain), sum(entry.file_size for _, entry in plain), problems):
            return files
        for name, entry in entries:
            fault = _fault_of_name(name.rstrip("/")) or _fault_of_entry(name, entry)
            if not fault and PurePosixPath(name).as_posix() in files:
                fault = f"{quoted(name)} is in the zip twice; keep one"
            if fault:
                problems.append(fault)
            elif not name.endswith("/"):
                content = _content_of(archive, entry, name, problems)
                files[PurePosixPath(name).as_posix()] = content
    return files


def _name_of(entry: zipfile.ZipInfo, problems: list[str]) -> str | None:
    """Return an entry's name as the packing tool meant it.

    A flag marks names in UTF-8. Some tools write UTF-8 without setting the flag, and Python then
    decodes the bytes as code page 437.
    """
    if "\0" in entry.orig_filename:
        problems.append(f"{quoted(entry.orig_filename)} contains a NUL character; rename the file")
        return None
    if entry.flag_bits & _UTF8_FLAG:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode()
    except UnicodeError:
        problems.append(f"the name {quoted(entry.filename)} is not UTF-8; rename the file")
        return None


def _content_of(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, problems: list[str]
) -> bytes:
    """Return an entry's bytes, at most as many as the zip's directory declares."""
    try:
        with archive.open(entry) as file:
            content = file.read(entry.file_size)
    except NotImplementedError:
        problems.append(
            f"{quoted(name)} uses an unsupported compression method; zip it with deflate"
        )
        return b""
    except Exception as error:  # noqa: BLE001 - decompressors raise errors of their own
        problems.append(f"{quoted(name)} is damaged ({type(error).__name__}); zip the folder again")
        return b""
    return content


def _fault_of_entry(name: str, entry: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return f"{quoted(name)} is a link or a special file; replace it with the file itself"
    if entry.flag_bits & _ENCRYPTED_FLAG:
        return f"{quoted(name)} is encrypted; zip without a password"
    return ""


def _fault_of_name(name: str) -> str:
    """Return why a name is refused, or an empty string."""
    path = PurePosixPath(name)
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return f"the name {quoted(name)} is not UTF-8; rename the file"
    if path.is_absolute() or ".." in path.parts or "\\" in name or name[1:2] == ":":
        return f"{quoted(name)} points outside the submission; use plain relative paths"
    if not name.isprintable() or not path.parts:
        return f"the name {quoted(name)} contains control characters; rename the file"
    if length > MAX_NAME_BYTES:
        return f"the name {quoted(name)} is longer than {MAX_NAME_BYTES} bytes; shorten it"
    return ""


def _too_large(count: int, size: int, problems: list[str]) -> bool:
    if count > MAX_FILES:
        problems.append(f"it has more than {MAX_FILES} files; remove those the predictor can spare")
    elif size > MAX_BYTES:
        problems.append(
            f"it is larger than {MAX_BYTES >> 20} MiB unpacked; remove what the predictor can spare"
        )
    else:
        return False
    return True


def _without_top_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    tops = {PurePosixPath(name).parts[0] for name in files}
    if len(tops) == 1 and all("/" in name for name in files):
        top = f"{tops.pop()}/"
        return {name.removeprefix(top): content for name, content in files.items()}
    return files


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

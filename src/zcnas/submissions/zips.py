"""What is in a submission's zip, by the names that its packer meant.

A zip made on Windows may have backslashes in its names and names in the code page of MS-DOS; one
made elsewhere may have names in UTF-8 without saying so. Declared sizes are checked before anything
is read, and reading stops at the declared size.
"""

from __future__ import annotations

import functools
import stat
import zipfile
from pathlib import Path, PurePosixPath

from zcnas.submissions.bounds import quoted
from zcnas.submissions.entries import Entry, Listing, fault_of_name
from zcnas.submissions.leftovers import environments, leftover

_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1
_MS_DOS = 0
_DOS_FOLDER = 0x10
"""Bit of an entry's attributes, as MS-DOS and Windows write them."""

_KINDS = {
    b"Rar!\x1a\x07": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"PK\x07\x08": "one part of a split zip",
    b"PK\x03\x04": "a zip whose end is missing",
    b"<": "a web page",
    b"\x00\x05\x16\x07": "a file of macOS's attributes",
}
"""What the first bytes of a file that is not a zip say it is."""
_TAR_MAGIC, _TAR_OFFSET = b"ustar", 257


def kind_of(path: Path) -> str:
    """Return what a file is that cannot be opened as a zip, or an empty string if nobody knows."""
    with path.open("rb") as file:
        head = file.read(_TAR_OFFSET + len(_TAR_MAGIC))
    if not head:
        return "an empty file"
    if head[_TAR_OFFSET:] == _TAR_MAGIC:
        return "a tar archive"
    return next((kind for magic, kind in _KINDS.items() if head.startswith(magic)), "")


def list_zip(archive: zipfile.ZipFile) -> Listing:
    """Return what is in a zip; its entries can be read as long as it is open."""
    listing = Listing()
    named = [(name, entry) for entry in archive.infolist() if (name := _name_of(entry, listing))]
    inside = environments(name for name, _ in named)
    known: dict[str, str] = {}
    for name, entry in named:
        plain = PurePosixPath(name).as_posix() if name.rstrip("/") else name
        is_folder = name.endswith("/") or _is_folder(entry)
        left = leftover(plain, is_folder=is_folder) or _first_prefix(f"{plain}/", inside)
        if left:
            listing.left_out.add(left)
        elif is_folder and plain == ".":
            continue
        elif fault := fault_of_name(plain) or _fault_of_entry(plain, entry):
            listing.problems.append(fault)
        elif known.get(plain, there := _inside(entry.filename)) != there:
            listing.problems.append(f"{quoted(plain)} is in the zip twice; keep one")
        elif not is_folder:
            if plain in known:
                listing.replaced.add(plain)
                listing.entries = [each for each in listing.entries if each.name != plain]
            known[plain] = there
            read = functools.partial(_read_entry, archive, entry, plain)
            listing.entries.append(Entry(plain, entry.file_size, read))
    return listing


def _name_of(entry: zipfile.ZipInfo, listing: Listing) -> str:
    """Return an entry's name as the packing tool meant it, or an empty string if it is refused.

    A flag marks names in UTF-8. Some tools write UTF-8 without setting the flag, and Python then
    decodes the bytes as code page 437, which is what MS-DOS and Windows mean (APPNOTE.TXT, D.1).
    """
    if "\0" in entry.orig_filename:
        listing.problems.append(
            f"{quoted(entry.orig_filename)} contains a NUL character; rename the file"
        )
        return ""
    name = entry.filename
    if not entry.flag_bits & _UTF8_FLAG:
        try:
            name = name.encode("cp437").decode()
        except UnicodeError:
            if entry.create_system != _MS_DOS:
                listing.problems.append(f"the name {quoted(name)} is not UTF-8; rename the file")
                return ""
    # Backslashes: as .NET before 4.6.1 and PowerShell 5 write them.
    return _inside(name).replace("\\", "/")


def _inside(name: str) -> str:
    """Return where a platform's worker puts an entry: inside, without ``..`` and a first slash.

    A platform unzips before we see anything, so a zip with such names runs there; it is the same
    submission at home. So is one with two entries of one place: the later replaces the earlier.
    """
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return "/".join(parts) + ("/" if name.endswith("/") and parts else "")


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    """Return whether an entry without a slash at its end is a folder all the same."""
    dos_folder = entry.create_system == _MS_DOS and entry.external_attr & _DOS_FOLDER
    return entry.file_size == 0 and bool(dos_folder or stat.S_ISDIR(entry.external_attr >> 16))


def _first_prefix(path: str, folders: tuple[str, ...]) -> str:
    return next((folder for folder in folders if path.startswith(folder)), "")


def _fault_of_entry(name: str, entry: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return f"{quoted(name)} is a link or a special file; replace it with the file itself"
    if entry.flag_bits & _ENCRYPTED_FLAG:
        return f"{quoted(name)} is encrypted; zip without a password"
    return ""


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    """Return an entry's bytes, at most as many as the zip's directory declares.

    Raises:
        ValueError: It cannot be decompressed.
    """
    try:
        with archive.open(entry) as file:
            return file.read(entry.file_size)
    except NotImplementedError:
        raise ValueError(
            f"{quoted(name)} uses an unsupported compression method; zip it with deflate"
        ) from None
    except Exception as error:  # noqa: BLE001 - decompressors raise errors of their own
        raise ValueError(
            f"{quoted(name)} is damaged ({type(error).__name__}); zip the folder again"
        ) from None

"""The files of a bundle, zip or folder, and of the zips and folders inside it."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from zcnas.organiser.platforms.check.findings import Findings

MAX_BYTES = 8 << 30
"""Unpacked size above which a zip is not read."""
_JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


class BundleFiles:
    """A bundle's files by name.

    Args:
        files: Contents by name.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._unpacked: dict[str, dict[str, bytes]] = {}

    @property
    def names(self) -> list[str]:
        """The names of all files, sorted."""
        return sorted(self._files)

    def read(self, name: str) -> bytes | None:
        """Return a file's content, or None if there is no such file."""
        return self._files.get(str(PurePosixPath(name)))

    def unpack(self, name: str) -> dict[str, bytes]:
        """Return the files of a zip or folder of the bundle; empty if there is neither.

        Raises:
            ValueError: As for ``read_zip``.
        """
        if name not in self._unpacked:
            content = self.read(name)
            self._unpacked[name] = self.below(name) if content is None else read_zip(content)
        return self._unpacked[name]

    def below(self, folder: str) -> dict[str, bytes]:
        """Return the files in a folder, keyed by their path relative to it."""
        prefix = f"{PurePosixPath(folder)}/"
        return {
            name.removeprefix(prefix): content
            for name, content in self._files.items()
            if name.startswith(prefix)
        }


def open_bundle(path: Path, findings: Findings) -> BundleFiles | None:
    """Return a bundle's files; add a problem and return None if it cannot be read."""
    if path.is_dir():
        return BundleFiles(
            {
                entry.relative_to(path).as_posix(): entry.read_bytes()
                for entry in sorted(path.rglob("*"))
                if entry.is_file()
            }
        )
    try:
        files = read_zip(path.read_bytes())
    except OSError as error:
        findings.add_in(path.name, 1, "bundle", f"{path} cannot be read: {error.strerror}")
        return None
    except ValueError as error:
        findings.add_in(path.name, 1, "bundle", f"{error}; zip the bundle again")
        return None
    check_names(path.name, list(files), findings)
    return BundleFiles(files)


def read_zip(content: bytes) -> dict[str, bytes]:
    """Return the files of a zip by name.

    Raises:
        ValueError: It is not a zip, is damaged or encrypted, or would unpack to too much.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise ValueError(f"it unpacks to more than {MAX_BYTES >> 30} GiB")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, zlib.error) as error:
        raise ValueError(f"it cannot be unzipped: {error}") from None


def check_names(file: str, names: list[str], findings: Findings) -> None:
    """Add a problem for names that point outside, and a warning for an operating system's files."""
    for name in names:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name:
            findings.add_in(file, 1, "member-name", f"{name!r} points outside the zip; rename it")
    if junk := [name for name in names if any(part in _JUNK for part in PurePosixPath(name).parts)]:
        findings.add_in(file, 1, "junk", f"{', '.join(junk[:3])}: remove such files from the zip")

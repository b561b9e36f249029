"""What participants hand in.

Found, checked, copied out, packed. Nothing of a submission is executed here.

A submission is a folder or a zip with ``predictor.py`` (or ``submission.py``, its name in 2022),
helper modules beside it and possibly an empty file ``metadata``; a zip may hold one top folder.
Every problem is reported, not the first.
"""

from __future__ import annotations

import ast
import hashlib
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from zcnas.contract import CLASS_NAME, ENTRY_POINTS
from zcnas.errors import InvalidSubmission

MAX_FILES = 200
MAX_BYTES = 20 * (1 << 20)
"""Unpacked size.

Room for source code and small tables, none for accuracy tables of whole search spaces.
"""

_JUNK = ("__MACOSX", "__pycache__", ".DS_Store", ".git")
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


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
        if entry.name not in _JUNK
        and not entry.name.startswith(".")
        and (entry.is_dir() or entry.suffix == ".zip")
    )
    if not found:
        raise InvalidSubmission(
            str(path), [f"no submission in it: expected folders or zips with {ENTRY_POINTS[0]}"]
        )
    return found


def submission_name(path: Path) -> str:
    """Return the name of the submission at ``path``.

    Its folder's, or its zip's without the ending.
    """
    return path.resolve().stem if path.suffix == ".zip" else path.resolve().name


def open_submission(path: Path, into: Path) -> Submission:
    """Check a folder or zip and copy what was accepted into the folder ``into``.

    Raises:
        InvalidSubmission: With every reason found.
    """
    name = submission_name(path)
    problems: list[str] = []
    files = _strip_top_folder(_read_files(path, problems))
    problems += _problems_of(files)
    if problems:
        raise InvalidSubmission(name, problems)
    for relative, content in files.items():
        target = into / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o644)
    for folder in (into, *(entry for entry in into.rglob("*") if entry.is_dir())):
        folder.chmod(0o755)
    return Submission(name, into, digest_of(into))


def pack_submission(path: Path, target: Path) -> Path:
    """Check a submission and zip it as the platforms want it.

    Files at the root, and an empty ``metadata``.

    The same content gives the same bytes.

    Raises:
        InvalidSubmission: With every reason found.
    """
    problems: list[str] = []
    files = _strip_top_folder(_read_files(path, problems))
    problems += _problems_of(files)
    if problems:
        raise InvalidSubmission(submission_name(path), problems)
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for relative, content in sorted({**files, "metadata": b""}.items()):
            entry = zipfile.ZipInfo(relative, _FIXED_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return target


def digest_of(folder: Path) -> str:
    """Return the SHA-256 of a submission's files, names included, without ``metadata`` and junk."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and relative.name != "metadata" and not _is_junk(relative.parts):
            content = path.read_bytes()
            digest.update(f"{relative.as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _read_files(path: Path, problems: list[str]) -> dict[str, bytes]:
    """Return the regular files of a folder or zip by relative path.

    Append to ``problems`` what is refused.
    """
    try:
        if path.is_dir():
            return _read_folder(path, problems)
        return _read_zip(path, problems)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError) as error:
        problems.append(f"it cannot be read as a folder or zip: {error}; zip the folder again")
        return {}


def _read_folder(folder: Path, problems: list[str]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    size = 0
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if _is_junk(relative.parts) or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink() or not path.is_file():
            problems.append(f"{relative} is a link or a special file; put the file itself there")
            continue
        size += path.stat().st_size
        if _too_large(len(files) + 1, size, problems):
            return files
        files[relative.as_posix()] = path.read_bytes()
    return files


def _read_zip(path: Path, problems: list[str]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        entries = [entry for entry in entries if not _is_junk(PurePosixPath(entry.filename).parts)]
        if _too_large(len(entries), sum(entry.file_size for entry in entries), problems):
            return files
        for entry in entries:
            name = PurePosixPath(entry.filename)
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if name.is_absolute() or ".." in name.parts or "\\" in entry.filename:
                problems.append(
                    f"{entry.filename!r} points outside the zip; use plain relative names"
                )
            elif kind not in (0, stat.S_IFREG):
                problems.append(
                    f"{entry.filename!r} is a link or a special file; put the file itself there"
                )
            elif entry.flag_bits & 1:
                problems.append(f"{entry.filename!r} is encrypted; zip without a password")
            elif name.as_posix() in files:
                problems.append(f"{entry.filename!r} stands twice in the zip")
            else:
                with archive.open(entry) as file:  # reads at most what the directory announced
                    files[name.as_posix()] = file.read(entry.file_size)
    return files


def _too_large(count: int, size: int, problems: list[str]) -> bool:
    if count > MAX_FILES:
        problems.append(f"more than {MAX_FILES} files; leave out what the predictor does not need")
    elif size > MAX_BYTES:
        problems.append(
            f"more than {MAX_BYTES >> 20} MiB unpacked; leave out what the predictor does not need"
        )
    else:
        return False
    return True


def _is_junk(parts: tuple[str, ...]) -> bool:
    return any(part in _JUNK or part.startswith("._") for part in parts)


def _strip_top_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    tops = {PurePosixPath(name).parts[0] for name in files}
    if len(tops) == 1 and all("/" in name for name in files):
        top = f"{tops.pop()}/"
        return {name.removeprefix(top): content for name, content in files.items()}
    return files


def _problems_of(files: dict[str, bytes]) -> list[str]:
    problems = []
    entry_points = [name for name in ENTRY_POINTS if name in files]
    if not entry_points:
        found = ", ".join(sorted(files)[:5]) or "nothing"
        problems.append(f"no {' or '.join(ENTRY_POINTS)} at its root (found: {found}); add it")
    elif len(entry_points) > 1:
        problems.append(f"both {' and '.join(entry_points)}; keep one")
    else:
        problems += _problems_of_entry_point(entry_points[0], files[entry_points[0]])
    if files.get("metadata", b"").strip():
        problems.append(
            "the file metadata is not empty; a platform would run what it says: empty it"
        )
    return problems


def _problems_of_entry_point(name: str, source: bytes) -> list[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        reason = error.msg if isinstance(error, SyntaxError) else error
        return [f"{name}{line} is not valid Python: {reason}"]
    if CLASS_NAME in _names_bound(tree):
        return []
    return [f"{name} defines no class {CLASS_NAME}; name your class so"]


def _names_bound(tree: ast.Module) -> set[str]:
    """Return the names a module's classes, imports and assignments bind anywhere in it.

    A star import may bind all.
    """
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add(CLASS_NAME if node.name == "*" else node.asname or node.name)
    return names

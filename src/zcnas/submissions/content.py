"""Static checks of a submission's files. The entry point is parsed, never executed or imported."""

from __future__ import annotations

import ast
import unicodedata
from pathlib import PurePosixPath

from zcnas.submissions.bounds import MAX_SOURCE_BYTES, quoted
from zcnas.submissions.leftovers import listed
from zcnas.submissions.sources import SourceError, parse_source
from zcnas.submissions.track import TrackError, track_of
from zcnas.words.entry_points import CLASS_NAME, ENTRY_POINTS

METADATA = ("metadata", "metadata.yaml")
"""Files from which a platform takes a command and runs it."""


def problems_of(files: dict[str, bytes]) -> list[str]:
    """Return every reason to refuse the files, each with a remedy."""
    return [*_problems_of_entry_points(files), *_problems_of_metadata(files), *_clashes(files)]


def _problems_of_entry_points(files: dict[str, bytes]) -> list[str]:
    entry_points = [name for name in ENTRY_POINTS if name in files]
    if not entry_points:
        return [_no_entry_point(files)]
    if len(entry_points) > 1:
        return [f"it has both {' and '.join(entry_points)}; keep one"]
    return _problems_of_source(entry_points[0], files[entry_points[0]])


def _no_entry_point(files: dict[str, bytes]) -> str:
    """Return that the entry point is missing, and what to do with what is there instead."""
    found = ", ".join(quoted(name)[1:-1] for name in sorted(files)[:5]) or "nothing"
    problem = f"it has no {' or '.join(ENTRY_POINTS)} at its root (found: {found})"
    deeper = [PurePosixPath(name) for name in files if PurePosixPath(name).name in ENTRY_POINTS]
    if len(deeper) == 1:
        folder = deeper[0].parent.as_posix()
        beside = [name for name in files if not name.startswith(f"{folder}/")]
        tops = {name.partition("/")[0] + "/" * ("/" in name) for name in beside}
        return f"{problem}; submit the folder {quoted(folder)} alone, without {listed(tops)}"
    for name in files:
        if PurePosixPath(name).suffix == ".ipynb":
            return f"{problem}; export the notebook {quoted(name)} as {ENTRY_POINTS[0]}"
        if (meant := name.casefold().removesuffix(".txt")) in ENTRY_POINTS:
            return f"{problem}; rename {quoted(name)} to {meant}"
    return f"{problem}; add one"


def _problems_of_source(name: str, source: bytes) -> list[str]:
    if len(source) > MAX_SOURCE_BYTES:
        return [
            f"{name} is larger than {MAX_SOURCE_BYTES >> 10} KiB; "
            "move tables and helper functions into files beside it"
        ]
    try:
        tree = parse_source(name, source)
    except SourceError as error:
        return [str(error)]
    if CLASS_NAME in _names_bound(tree):
        try:
            track_of(tree, name)
        except TrackError as error:
            return [str(error)]
        return []
    return [f"{name} does not define a class {CLASS_NAME}; rename your class to {CLASS_NAME}"]


def _names_bound(tree: ast.Module) -> set[str]:
    """Return the names that classes, imports and assignments bind anywhere in a module.

    A star import may bind any name.
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


def _problems_of_metadata(files: dict[str, bytes]) -> list[str]:
    return [
        f"the file {name} is not empty, and a platform would run the command in it; empty it"
        for name, content in files.items()
        if name.lower() in METADATA and content.strip()
    ]


def _clashes(files: dict[str, bytes]) -> list[str]:
    """Return a problem for each pair of paths that some file systems treat as the same.

    Paths are compared without case and with composed accents; a file must not have the name of a
    folder.
    """
    problems = []
    seen: dict[str, str] = {}
    folders = {parent for name in files for parent in PurePosixPath(name).parents if parent.name}
    for path in sorted({*folders, *map(PurePosixPath, files)}):
        key = unicodedata.normalize("NFC", path.as_posix()).casefold()
        other = seen.setdefault(key, path.as_posix())
        if other != path.as_posix():
            problems.append(
                f"{quoted(other)} and {quoted(path.as_posix())} differ only in case or accents; "
                "rename one"
            )
    problems += [
        f"{quoted(path.as_posix())} is both a file and a folder; rename one"
        for path in sorted(folders & {PurePosixPath(name) for name in files})
    ]
    return problems

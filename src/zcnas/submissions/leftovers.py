"""What tools leave in a folder and nobody means to submit: it is left out, and named.

Operating systems, editors, notebooks, version control and virtual environments put files and
folders of their own beside the code. None of them can be part of a predictor, whichever way the
folder was packed.
"""

from __future__ import annotations

from collections.abc import Iterable

_FOLDERS = frozenset(
    {
        *("__pycache__", "__pypackages__", "node_modules"),
        *("__macosx", "@eadir", "$recycle.bin", "system volume information"),
    }
)
"""Besides every folder whose name starts with a dot, as ``.git`` and ``.ipynb_checkpoints``."""
_FILES = frozenset(
    {
        *(".ds_store", ".localized", "icon\r", "thumbs.db", "ehthumbs.db", "desktop.ini"),
        *(".directory", ".dropbox", ".coverage", ".env", ".python-version", ".editorconfig"),
        *(".gitignore", ".gitattributes", ".gitkeep"),
    }
)
_FILE_BEGINNINGS = ("._", "~$", ".~lock.", ".#", ".nfs")
"""macOS keeps a file's attributes in ``._name``; office programs and Emacs lock a document by the
next ones; a network file system calls a deleted file ``.nfs…`` as long as it is open."""
_FILE_ENDINGS = ("~", "#", ".swp", ".swo", ".orig", ".rej")
"""Backups and half-finished merges of editors and version control."""
ENVIRONMENT_MARKS = ("pyvenv.cfg", "conda-meta/history")
"""What is at the root of a virtual environment, whatever its folder is called."""
MOST_LISTED = 10


def leftover(name: str, *, is_folder: bool = False) -> str:
    """Return the part of a path that a tool left behind, or an empty string.

    Args:
        name: A relative path with forward slashes.
        is_folder: Whether it is a folder's.

    Returns:
        The path of the outermost such folder, with a slash at its end, or the file's own path.
    """
    parts = name.split("/")
    for number, part in enumerate(parts if is_folder else parts[:-1]):
        if part.casefold() in _FOLDERS or (part.startswith(".") and part.strip(".")):
            return "/".join(parts[: number + 1]) + "/"
    last = parts[-1].casefold()
    if not is_folder and (
        last in _FILES or last.startswith(_FILE_BEGINNINGS) or last.endswith(_FILE_ENDINGS)
    ):
        return name
    return ""


def environments(names: Iterable[str]) -> tuple[str, ...]:
    """Return the folders that are virtual environments by what is in them, each with a slash.

    Args:
        names: The relative paths of all files, with forward slashes.
    """
    return tuple(
        sorted(
            name.removesuffix(mark)
            for name in names
            for mark in ENVIRONMENT_MARKS
            if name.endswith(f"/{mark}")
        )
    )


def listed(names: Iterable[str]) -> str:
    """Return names in one phrase: escaped, sorted, and no more than ``MOST_LISTED`` of them."""
    distinct = sorted(set(names))
    more = len(distinct) - MOST_LISTED
    phrase = ", ".join(repr(name)[1:-1] for name in distinct[:MOST_LISTED])
    return f"{phrase} and {more} more" if more > 0 else phrase

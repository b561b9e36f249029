"""Reading what a stranger packed: folders and zips to names and bytes, and what is wrong with them.

``reading.py`` turns a folder or zip into files in memory and refuses what is no plain file;
``content.py`` looks at the files. Nothing is executed, imported or written here, and every refusal
is one line with what to do about it.
"""

from __future__ import annotations

MAX_FILES = 200
MAX_BYTES = 20 * (1 << 20)
"""Unpacked size.

Room for source code and small tables, none for accuracy tables of whole search spaces.
"""
MAX_SOURCE_BYTES = 256 * 1024
"""Size of the entry point, which is parsed: a parsed source takes some hundred times its size."""
MAX_NAME_BYTES = 200
"""Length of a file's path in the submission."""

JUNK = ("__MACOSX", "__pycache__", ".DS_Store", ".git")
"""Folders and files that packing leaves behind; dropped without a word."""


def is_junk(parts: tuple[str, ...]) -> bool:
    """Return whether a path is something that operating systems and Python leave behind."""
    return any(part in JUNK or part.startswith("._") for part in parts)


def quoted(name: str) -> str:
    """Return a stranger's file name for a message: no control characters, not too long."""
    return repr(name if len(name) <= 80 else f"{name[:77]}...")

"""What a submission is called: the one rule from the name of a folder or zip to ours.

The name becomes a folder of the results, a page and a row of the leaderboard. Letters, digits,
accents and symbols of every script stay, emoji included; what a terminal, a shell, a page or a
spreadsheet takes for a command, and what nobody sees, becomes ``_``. Names that are equal after
that are told apart nowhere, so a run holds them up (``zcnas.organiser.competition.run``).
"""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

MAX_NAME_LENGTH = 64
MAX_NAME_BYTES = 200
"""In UTF-8; file systems allow 255, and our files put up to 50 around the name."""
ZIP = ".zip"

_PLAIN = frozenset(" ._-")
_SEEN = ("Mn", "Mc", "So")
"""Categories beside letters and digits that stay: accents and vowel signs, and symbols."""
_UNSEEN = (
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, 0xFFFC, 0xFFFD),
    *range(0x180B, 0x1810),
    *range(0xFE00, 0xFE10),
    *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE1000),
)
"""Of those categories, and of letters, what shows nothing: Unicode's default ignorable characters,
fillers and blanks, and the two replacement characters."""
_INVISIBLE = frozenset(map(chr, _UNSEEN))


def is_zip_name(path: Path) -> bool:
    """Return whether a path ends as a zip does, in whatever case."""
    return path.suffix.lower() == ZIP


def place_of(path: Path) -> Path:
    """Return the absolute path without ``.`` and ``..``; a link stays what it is."""
    return Path(os.path.normpath(path.absolute()))


def submission_name(path: Path) -> str:
    """Return a submission's name: its folder's, or its zip's without the extension.

    A link counts under its own name. No name is reserved, because the submissions' results have a
    folder of their own.
    """
    whole = place_of(path)
    while is_zip_name(whole):
        whole = whole.with_suffix("")
    return clean_name(whole.name)


def clean_name(raw: str) -> str:
    """Return a name with ``_`` for each character that is not allowed, cut to its limits."""
    text = unicodedata.normalize("NFC", raw)
    name = "".join(c if _is_allowed(c) else "_" for c in text)[:MAX_NAME_LENGTH]
    while len(name.encode()) > MAX_NAME_BYTES:
        name = name[:-1]
    return name.lstrip(" .-").rstrip() or "_"


def shown(path: Path) -> str:
    """Return a path's own name so that one can tell it from others: what hides is written out."""
    return "".join(c if _stands_alone(c) else ascii(c)[1:-1] for c in path.name)


def _stands_alone(c: str) -> bool:
    return c.isprintable() and c not in _INVISIBLE and not unicodedata.combining(c)


def _is_allowed(c: str) -> bool:
    if c in _PLAIN:
        return True
    return (c.isalnum() or unicodedata.category(c) in _SEEN) and c not in _INVISIBLE

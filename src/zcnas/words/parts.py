"""Answers of several numbers: how many there may be, and what they may be called.

Imports the standard library alone: recorder and worker both hold an answer to it.
"""

from __future__ import annotations

MAX_PARTS = 64
"""Numbers of one answer."""
MAX_PART_NAME = 40
"""Characters of a number's name."""
PLAIN = "score"
"""What a plain number is called where other answers of its benchmark have parts."""


def is_part_name(name: object) -> bool:
    """Return whether a value may name a part of an answer."""
    return isinstance(name, str) and 0 < len(name) <= MAX_PART_NAME and name.isprintable()

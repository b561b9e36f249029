"""Text from outside, made safe to show."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return a text from outside without control characters, so that it cannot steer a terminal.

    Lines and tabs stay.
    """
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )

"""Text for people: untrusted text made safe to print, and counts with their nouns."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return untrusted text without control characters, so that it cannot control a terminal.

    Newlines and tabs are kept.
    """
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def plural(count: int, noun: str, plural_noun: str = "") -> str:
    """Return a count with its noun: ``1 submission``, ``2 submissions``.

    Args:
        count: How many.
        noun: The singular.
        plural_noun: The plural, if it is not the singular with an ``s``.
    """
    return f"{count} {noun if count == 1 else plural_noun or noun + 's'}"

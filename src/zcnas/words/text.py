"""Text for people: untrusted text made safe to print, and counts with their nouns."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that Unicode calls printable, and fonts draw as nothing."""
_LOOKS_LATIN = frozenset(
    "\u0430\u0432\u0435\u04bb\u0456\u0458\u04cf\u043e\u0440\u051b\u0455\u051d\u0443\u0445\u0475\u0501\u050d\u0441"
    "\u0410\u0412\u0415\u041d\u0406\u0408\u041a\u04c0\u041c\u041e\u0420\u051a\u0405\u0422\u051c\u0423\u0425\u0474\u0421\u04ae"
    "\u03bf\u03bd\u03f2\u03f3\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03f9\u037f"
    "\u0251\u0261\u0269\u0131\u0237\u0585\u057d\u0578\u0581\u0570\u1d0f\u1d1c\u1d20\u1d21\u1d22\u1d04"
)
"""Letters of other scripts, and phonetic ones, that are taken for Latin letters."""
_WORD = re.compile(r"\w+")
_CELL = re.compile(r"((?:^|(?<=[;,|\t\n]))\s*)(\S)")


def printable(text: str) -> str:
    """Return untrusted text without control characters, so that it cannot control a terminal.

    Newlines and tabs are kept.
    """
    return "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def one_line(text: str) -> str:
    """Return untrusted text without line breaks, tabs and control characters."""
    return " ".join(printable(text).split())


def legible(name: str) -> str:
    """Return a participant's name in which nobody takes one character for another.

    What is invisible becomes a replacement character. A letter that looks like a Latin one is
    followed by its number where that can deceive: beside Latin letters, or in a word of nothing
    else; a word that is plainly of another script stays as it is.
    """
    return _WORD.sub(_marked, _INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", one_line(name)))


def _marked(word: re.Match[str]) -> str:
    letters = [c for c in word[0] if c.isalpha()]
    posing = {c for c in letters if not c.isascii() and _poses_as_latin(c)}
    latin = any(c.isascii() for c in letters)
    if not posing or not (latin or (len(letters) > 2 and posing.issuperset(letters))):
        return word[0]
    return "".join(f"{c}<U+{ord(c):04X}>" if c in posing else c for c in word[0])


def _poses_as_latin(letter: str) -> bool:
    """Return whether a letter looks Latin, as full-width and mathematical letters do too."""
    return letter in _LOOKS_LATIN or unicodedata.normalize("NFKC", letter).isascii()


def spreadsheet_text(text: str) -> str:
    """Return a participant's text so that no spreadsheet takes it, or a part of it, for a formula.

    One that splits at semicolons, as in many countries, sees a cell begin after each. Full-width
    and other forms of the signs count as formulas as well.
    """
    return _CELL.sub(
        lambda found: f"{found[1]}'{found[2]}" if _is_sign(found[2]) else found[0], text
    )


def _is_sign(character: str) -> bool:
    return unicodedata.normalize("NFKC", character) in ("=", "+", "-", "@")


def plural(count: int, noun: str, plural_noun: str = "") -> str:
    """Return a count with its noun: ``1 submission``, ``2 submissions``.

    Args:
        count: How many.
        noun: The singular.
        plural_noun: The plural, if it is not the singular with an ``s``.
    """
    return f"{count} {noun if count == 1 else plural_noun or noun + 's'}"


def is_address(text: str) -> bool:
    """Return whether a text is an address that a browser may be sent to."""
    return text.startswith(("https://", "http://"))

"""Python source as a submission holds it: bytes in one encoding or another, turned into text.

Editors and shells save text as UTF-16, UTF-32 or Latin-1 without saying so; Python reads UTF-8
unless a file's first two lines declare something else. Only encodings that decode in linear time
and cannot hide code are read.
"""

from __future__ import annotations

import ast
import codecs
import re
import warnings
from collections.abc import Iterator

from zcnas.submissions.bounds import quoted

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
"""Longest first: the mark of UTF-32 begins with that of UTF-16."""
_DECLARATION = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK_OR_COMMENT = re.compile(rb"^[ \t\f]*(?:#.*)?$")
_NEWLINE = re.compile(rb"\r\n|\r|\n")
_ENCODINGS = frozenset(
    codecs.lookup(name).name
    for name in (
        *("utf-8", "utf-8-sig", "ascii", "latin-1", "iso8859-2", "iso8859-15", "cp1250", "cp1251"),
        *("cp1252", "cp437", "cp850", "cp932", "cp936", "cp949", "cp950", "mac-roman", "koi8-r"),
        *("gb2312", "gbk", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"),
    )
)


class SourceError(ValueError):
    """A file is not Python source that the worker can import; the text says what to do."""


def parse_source(name: str, source: bytes) -> ast.Module:
    """Return the syntax tree of a file; nothing is executed.

    Raises:
        SourceError: It is not text in an encoding that is read, or not valid Python.
    """
    text = decode_source(name, source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # dubious syntax is the participant's business
            return ast.parse(text)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        reason = quoted(error.msg)[1:-1]
        if (error.text or "").lstrip().startswith(("%", "!")):
            reason = "it is a notebook's command, which only a notebook runs"
    except (ValueError, RecursionError, MemoryError) as error:
        line, reason = "", quoted(str(error) or "it is nested too deeply")[1:-1]
    raise SourceError(f"{name}{line} is not valid Python: {reason}; fix it")


def decode_source(name: str, source: bytes) -> str:
    """Return a file's text, decoded as Python would decode it.

    Raises:
        SourceError: It is not text, or in an encoding that is not read.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if source.startswith(mark):
            raise SourceError(f"{name} is {encoding}; save it as UTF-8")
    if (at := source.find(0)) >= 0:
        raise SourceError(_not_text(name, source, at))
    declared = _declared_encoding(name, source)
    content = source.removeprefix(codecs.BOM_UTF8)
    if content != source and codecs.lookup(declared).name != "utf-8":
        raise SourceError(
            f"{name} declares {declared} and begins with UTF-8's byte order mark; remove the "
            "declaration"
        )
    try:
        return content.decode(declared)
    except UnicodeDecodeError as error:
        line = _line_of(content, error.start)
        raise SourceError(
            f"{name}, line {line} is not {declared.upper()} (byte 0x{content[error.start]:02x}); "
            "save it as UTF-8"
        ) from None


def _not_text(name: str, source: bytes, at: int) -> str:
    """Return what is wrong with a file that has a NUL byte at ``at``."""
    head = source[:64]
    for width, encoding in ((4, "UTF-32"), (2, "UTF-16")):
        lanes = [head[start::width] for start in range(width)]
        if len(head) >= 2 * width and sum(not any(lane) for lane in lanes) == width - 1:
            return f"{name} is {encoding}; save it as UTF-8"
    return (
        f"{name}, line {_line_of(source, at)} is not valid Python: it contains a NUL byte, so it "
        "is not a text file; save it as UTF-8"
    )


def _declared_encoding(name: str, source: bytes) -> str:
    """Return the encoding that one of the first two lines declares (PEP 263), or utf-8.

    Raises:
        SourceError: It is one that is not read.
    """
    for line in _first_two_lines(source.removeprefix(codecs.BOM_UTF8)):
        if found := _DECLARATION.match(line):
            declared = found[1].decode("ascii", "replace")
            try:
                known = codecs.lookup(declared).name
            except (LookupError, ValueError):
                known = ""
            if known not in _ENCODINGS:
                raise SourceError(
                    f"{name} declares the encoding {quoted(declared)}, which is not read; save it "
                    "as UTF-8 without a declaration"
                )
            return declared
        if not _BLANK_OR_COMMENT.match(line):
            break
    return "utf-8"


def _first_two_lines(source: bytes) -> Iterator[bytes]:
    rest = source[:4096]
    for _ in range(2):
        parts = _NEWLINE.split(rest, maxsplit=1)
        yield parts[0]
        rest = parts[1] if len(parts) > 1 else b""


def _line_of(source: bytes, at: int) -> int:
    """Return the number of the line, from 1, that byte ``at`` is in."""
    return 1 + len(_NEWLINE.findall(source[:at]))

"""A CSV file as spreadsheets write it, read as rows of named values.

What differs without a doubt is understood: UTF-8 with or without a byte order mark, UTF-16,
commas, semicolons or tabs, a first line ``sep=;``, any case and spacing of the header, empty rows
and columns around the table. What would have to be guessed is refused: other encodings, columns
nobody knows, values beside the table.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from zcnas.errors import ArrivalsError, OrganiserError

DELIMITERS = ",;\t"
MAX_BYTES = 16 << 20
_OTHER_KINDS = {
    b"PK\x03\x04": "a workbook of a spreadsheet",
    b"\xd0\xcf\x11\xe0": "an old workbook of Excel",
    b"{\\rtf": "a document in RTF",
    b"<": "a web page",
}
"""What the first bytes say of a file that only has a CSV file's name."""


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        line: Its last line in the file, from 1.
        values: Column to value, without surrounding space; "" where the row is shorter.
    """

    line: int
    values: dict[str, str]


def read_rows(path: Path, columns: Sequence[str], required: str) -> list[Row]:
    """Return the rows of a CSV file.

    Args:
        path: The file.
        columns: The columns there may be; compared without case, spaces as underscores.
        required: The column that must be there and have a value in every row.

    Raises:
        ArrivalsError: It is not a CSV file in a Unicode encoding, its columns are others, or a row
            has a value that belongs to no column, or none for the required one.
        OrganiserError: This machine cannot read the file.
    """
    text = _decoded(path)
    lines = list(io.StringIO(text, newline=""))
    if lines and lines[0].strip().lower() in {f"sep={each}".strip() for each in DELIMITERS}:
        delimiter, skipped = lines[0].strip()[4:] or "\t", 1
    else:
        delimiter, skipped = _delimiter_of(lines), 0
    reader = csv.reader(lines[skipped:], delimiter=delimiter, strict=True)
    try:
        rows = [(skipped + reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        line = skipped + reader.line_num
        raise ArrivalsError(
            f"cannot read {path} as a CSV file: line {line}: {error}; export it again"
        ) from None
    filled = [(line, row) for line, row in rows if any(row)]
    header = [_column(cell) for cell in filled[0][1]] if filled else []
    _check_header(path, header, columns, required)
    return list(_rows(path, header, filled[1:], required))


def _decoded(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise OrganiserError(
            f"cannot read {path}: {error.strerror}; let this user read it"
        ) from None
    if len(content) > MAX_BYTES:
        raise ArrivalsError(f"{path} is larger than {MAX_BYTES >> 20} MiB; name the right file")
    for magic, kind in _OTHER_KINDS.items():
        if content.startswith(magic):
            raise ArrivalsError(f"{path} is {kind}, not a CSV file; save it as 'CSV UTF-8'")
    try:
        text = content.decode(_encoding_of(content))
    except UnicodeDecodeError as error:
        raise ArrivalsError(
            f"cannot read {path} as a CSV file in UTF-8: {error}; export it again as 'CSV UTF-8'"
        ) from None
    if "\0" in text:
        raise ArrivalsError(f"cannot read {path} as a CSV file: it has NUL characters; export it "
                            "again as 'CSV UTF-8'")  # fmt: skip
    return text


def _encoding_of(content: bytes) -> str:
    """Return the encoding a byte order mark names, or the one that the first bytes show."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if content[1:2] == b"\0" != content[:1]:
        return "utf-16-le"
    if content[:1] == b"\0" != content[1:2]:
        return "utf-16-be"
    return "utf-8-sig"


def _delimiter_of(lines: Sequence[str]) -> str:
    """Return what separates the header's cells: whatever of ``DELIMITERS`` it has most of."""
    header = next((line for line in lines if line.strip(f" \r\n{DELIMITERS}")), "")
    return max(DELIMITERS, key=header.count)


def _column(cell: str) -> str:
    return "_".join(cell.casefold().replace("-", " ").replace("_", " ").split())


def _check_header(path: Path, header: list[str], columns: Sequence[str], required: str) -> None:
    named = [name for name in header if name]
    if required not in named or not set(named) <= set(columns):
        raise ArrivalsError(
            f"{path} has the columns {', '.join(named) or 'none'}; allowed are "
            f"{', '.join(columns)}, and {required} is required"
        )
    if len(set(named)) != len(named):
        twice = sorted({name for name in named if named.count(name) > 1})
        raise ArrivalsError(f"{path} has the column {', '.join(twice)} twice; keep one")


def _rows(
    path: Path, header: Sequence[str], filled: Sequence[tuple[int, list[str]]], required: str
) -> Iterator[Row]:
    width = sum(1 for name in header if name)
    for line, row in filled:
        cells = dict(zip(header, row, strict=False))
        beside = [cell for name, cell in zip(header, row, strict=False) if cell and not name]
        if beside or any(row[len(header) :]) or not cells.get(required):
            raise ArrivalsError(
                f"{path}, line {line}: expected a {required} and at most {width} values; fix the "
                "line"
            )
        yield Row(line, {name: cells.get(name, "") for name in header if name})

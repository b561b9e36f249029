"""``submissions.csv``: who submitted what, and when.

The file is in the same folder as the submissions; its columns are ``name``, ``team``,
``received_at`` (ISO 8601, UTC where no zone is given) and, optionally, ``baseline`` and ``chosen``
(``yes`` or ``no``). Every row, and every value except the name, may be missing: a submission
without a team is its own team, and submissions without a time come after all that have one, ordered
by name. A row names a submission as its folder or zip is called, or as the leaderboard calls it.
"""

from __future__ import annotations

import csv
import datetime
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from zcnas.errors import ArrivalsError
from zcnas.submissions.finding import ARRIVALS_FILE, Say
from zcnas.submissions.names import place_of, submission_name
from zcnas.submissions.spreadsheet import Row, read_rows
from zcnas.words.records import Arrival
from zcnas.words.text import printable

__all__ = ["ARRIVALS_FILE", "arrivals_beside", "read_arrivals", "write_arrivals"]

COLUMNS = ("name", "team", "received_at", "baseline", "chosen")
ANSWERS = {"": False, "no": False, "false": False, "yes": True, "true": True}
"""Values of ``baseline`` and ``chosen`` in lower case; spreadsheets turn some words into TRUE and
FALSE."""


def read_arrivals(path: Path) -> dict[str, Arrival]:
    """Return the rows of a ``submissions.csv`` by submission; empty if there is no such file.

    Raises:
        ArrivalsError: The file is not readable as CSV, a column is unknown, ``name`` is missing, a
            name has two rows, or a value is invalid.
        OrganiserError: This machine cannot read it.
    """
    if not os.path.lexists(path):
        return {}
    if not path.is_file():
        raise ArrivalsError(f"{path} is not a file; remove it, or put the roster there")
    rows = [_arrival(path, row) for row in read_rows(path, COLUMNS, "name")]
    arrivals = {row.name: row for row in rows}
    if len(arrivals) != len(rows):
        names = [row.name for row in rows]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ArrivalsError(
            f"{path} has more than one row for {', '.join(twice)}; keep one row for each"
        )
    return arrivals


def write_arrivals(path: Path, arrivals: Mapping[str, Arrival]) -> None:
    """Write a ``submissions.csv`` that ``read_arrivals`` reads back; it appears whole."""
    partial = path.with_name(f"{path.name}.partial")
    columns = COLUMNS if any(row.chosen for row in arrivals.values()) else COLUMNS[:-1]
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for row in arrivals.values():
            writer.writerow(
                {
                    "name": row.name,
                    "team": row.team,
                    "received_at": "" if row.received_at is None else row.received_at.isoformat(),
                    "baseline": "yes" if row.baseline else "no",
                    "chosen": "yes" if row.chosen else "no",
                }
            )
    partial.replace(path)


def arrivals_beside(places: Mapping[Path, Sequence[Path]], say: Say) -> dict[str, Arrival]:
    """Return the rows of the ``submissions.csv`` in or beside each place, by submission.

    Args:
        places: Folders of submissions, each with its file inside, and single submissions, each with
            the file beside it; of the latter file only that submission's row counts. To each place
            the submissions found there.
        say: Told of rows in a folder's file that speak of no submission in it.

    Raises:
        ArrivalsError: A file is malformed, or two files contradict each other on a submission.
        OrganiserError: A file cannot be read.
    """
    known: dict[str, Arrival] = {}
    for place, found in places.items():
        alone = len(found) == 1 and found[0].parent != place
        path = (place_of(found[0]).parent if alone else place) / ARRIVALS_FILE
        rows = read_arrivals(path)
        names = {submission_name(each) for each in found}
        if strangers := [] if alone else sorted(rows.keys() - names):
            say(f"{path} has rows for {', '.join(strangers)}, which are not beside it")
        for name in sorted(names & rows.keys()):
            if known.setdefault(name, rows[name]) != rows[name]:
                raise ArrivalsError(
                    f"{path} contradicts another folder's {ARRIVALS_FILE} about {name}; rename one "
                    "of the two submissions"
                )
    return known


def _arrival(path: Path, row: Row) -> Arrival:
    """Return what a row says.

    Raises:
        ArrivalsError: A value is invalid.
    """
    told = {name: row.values.get(name, "").lower() for name in ("baseline", "chosen")}
    for name, value in told.items():
        if value not in ANSWERS:
            raise ArrivalsError(f"{path}, line {row.line}: {name} is '{value}'; write yes or no")
    text = row.values.get("received_at", "")
    try:
        received = _moment(text) if text else None
    except (ValueError, OverflowError):
        raise ArrivalsError(
            f"{path}, line {row.line}: received_at is '{printable(text)}'; write a time like "
            "2026-03-01T12:00:00Z or 2026-03-01 13:00:00+01:00 (year, month, day)"
        ) from None
    return Arrival(
        name=submission_name(Path("/", row.values["name"])),
        team=" ".join(printable(row.values.get("team", "")).split()),
        received_at=received,
        baseline=ANSWERS[told["baseline"]],
        chosen=ANSWERS[told["chosen"]],
    )


def _moment(text: str) -> datetime.datetime:
    """Return a moment that can be told in UTC.

    Raises:
        ValueError: It is not ISO 8601.
        OverflowError: In UTC it lies outside the years 1 to 9999.
    """
    moment = datetime.datetime.fromisoformat(_with_offset(text))
    if moment.tzinfo is None:
        return moment.replace(tzinfo=datetime.UTC)
    moment.astimezone(datetime.UTC)
    return moment


def _with_offset(text: str) -> str:
    """Return a time with its zone as fromisoformat reads it, if that is a name of UTC's."""
    for name in ("utc", "gmt", "z"):
        if text.lower().endswith(name):
            return f"{text[: -len(name)].rstrip()}+00:00"
    return text

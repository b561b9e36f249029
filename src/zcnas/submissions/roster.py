"""``submissions.csv``: who handed what in, and when.

The file lies beside the submissions; its columns are ``name``, ``team``, ``received_at`` (ISO 8601)
and, optionally, ``baseline`` (``yes`` or ``no``). Every row and every value but the name may be
left out: a submission without a team is a team of its own, and one without a time comes after all
that have one, by name.
"""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path

from zcnas.errors import ArrivalsError
from zcnas.records import Arrival
from zcnas.submissions import find_submissions, submission_name

ARRIVALS_FILE = "submissions.csv"
COLUMNS = ("name", "team", "received_at", "baseline")


def read_arrivals(path: Path) -> dict[str, Arrival]:
    """Return the rows of a ``submissions.csv`` by submission; none if there is no such file.

    Raises:
        ArrivalsError: The file is not readable as CSV, a column is unknown or ``name`` is missing,
            a name stands in two rows, or a value is not of its kind.
    """
    if not path.is_file():
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            columns = [column.strip() for column in reader.fieldnames or ()]
            reader.fieldnames = columns
            if "name" not in columns or not set(columns) <= set(COLUMNS):
                raise ArrivalsError(
                    f"{path} has the columns {', '.join(columns) or 'none'}; allowed are "
                    f"{', '.join(COLUMNS)}, and name is needed"
                )
            rows = [_arrival(path, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArrivalsError(
            f"cannot read {path} as CSV in UTF-8: {error}; export it again"
        ) from None
    arrivals = {row.name: row for row in rows}
    if len(arrivals) != len(rows):
        names = [row.name for row in rows]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ArrivalsError(f"{path} has more than one row for {', '.join(twice)}; keep one each")
    return arrivals


def write_arrivals(path: Path, arrivals: Mapping[str, Arrival]) -> None:
    """Write rows as a ``submissions.csv`` that ``read_arrivals`` reads back."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in arrivals.values():
            received = "" if row.received_at is None else row.received_at.isoformat()
            writer.writerow((row.name, row.team, received, "yes" if row.baseline else "no"))


def arrivals_beside(places: Iterable[Path]) -> dict[str, Arrival]:
    """Return what the ``submissions.csv`` in or beside each place says, by submission.

    Args:
        places: Folders of submissions, whose file lies in them, and submissions, whose file lies
            beside them and of which only their own row counts.

    Raises:
        ArrivalsError: A file is malformed, or two files say different things of one submission.
        InvalidSubmission: There is no submission in a place.
    """
    known: dict[str, Arrival] = {}
    for place in places:
        found = find_submissions(place)
        folder = place.resolve().parent if found == [place] else place
        rows = read_arrivals(folder / ARRIVALS_FILE)
        names = {submission_name(path) for path in found}
        for name in sorted(names & rows.keys()):
            if known.setdefault(name, rows[name]) != rows[name]:
                raise ArrivalsError(
                    f"{folder / ARRIVALS_FILE} says something else of {name} than the file of "
                    "another folder; give one of the two submissions another name"
                )
    return known


def _arrival(path: Path, line: int, row: Mapping[str | None, str | None]) -> Arrival:
    values = {key: (value or "").strip() for key, value in row.items() if key is not None}
    if None in row or not values["name"]:
        raise ArrivalsError(
            f"{path}, line {line}: expected a name and at most {len(COLUMNS)} values; mend the line"
        )
    baseline = values.get("baseline", "").lower()
    if baseline not in ("", "yes", "no"):
        raise ArrivalsError(f"{path}, line {line}: baseline is '{baseline}'; write yes or no")
    text = values.get("received_at", "")
    try:
        received = datetime.datetime.fromisoformat(text) if text else None
    except ValueError:
        raise ArrivalsError(
            f"{path}, line {line}: received_at is '{text}'; write a time as 2026-03-01T12:00:00Z"
        ) from None
    if received is not None and received.tzinfo is None:
        received = received.replace(tzinfo=datetime.UTC)
    return Arrival(
        name=values["name"],
        team=values.get("team", ""),
        received_at=received,
        baseline=baseline == "yes",
    )

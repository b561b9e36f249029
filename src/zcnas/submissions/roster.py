"""``submissions.csv``: who submitted what, and when.

The file is in the same folder as the submissions; its columns are ``name``, ``team``,
``received_at`` (ISO 8601) and, optionally, ``baseline`` (``yes`` or ``no``). Every row, and every
value except the name, may be missing: a submission without a team is its own team, and submissions
without a time come after all that have one, ordered by name.
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
    """Return the rows of a ``submissions.csv`` by submission; empty if there is no such file.

    Raises:
        ArrivalsError: The file is not readable as CSV, a column is unknown, ``name`` is missing, a
            name has two rows, or a value is invalid.
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
                    f"{', '.join(COLUMNS)}, and name is required"
                )
            rows = [_arrival(path, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArrivalsError(
            f"cannot read {path} as a CSV file in UTF-8: {error}; export it again"
        ) from None
    arrivals = {row.name: row for row in rows}
    if len(arrivals) != len(rows):
        names = [row.name for row in rows]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ArrivalsError(
            f"{path} has more than one row for {', '.join(twice)}; keep one row for each"
        )
    return arrivals


def write_arrivals(path: Path, arrivals: Mapping[str, Arrival]) -> None:
    """Write a ``submissions.csv`` that ``read_arrivals`` reads back."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in arrivals.values():
            received = "" if row.received_at is None else row.received_at.isoformat()
            writer.writerow((row.name, row.team, received, "yes" if row.baseline else "no"))


def arrivals_beside(places: Iterable[Path]) -> dict[str, Arrival]:
    """Return the rows of the ``submissions.csv`` in or beside each place, by submission.

    Args:
        places: Folders of submissions, each with its file inside, and single submissions, each with
            the file beside it; of the latter file only that submission's row counts.

    Raises:
        ArrivalsError: A file is malformed, or two files contradict each other on a submission.
        InvalidSubmission: A place contains no submission.
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
                    f"{folder / ARRIVALS_FILE} contradicts another folder's {ARRIVALS_FILE} about "
                    f"{name}; rename one of the two submissions"
                )
    return known


def _arrival(path: Path, line: int, row: Mapping[str | None, str | None]) -> Arrival:
    values = {key: (value or "").strip() for key, value in row.items() if key is not None}
    if None in row or not values["name"]:
        raise ArrivalsError(
            f"{path}, line {line}: expected a name and at most {len(COLUMNS)} values; fix the line"
        )
    baseline = values.get("baseline", "").lower()
    if baseline not in ("", "yes", "no"):
        raise ArrivalsError(f"{path}, line {line}: baseline is '{baseline}'; write yes or no")
    text = values.get("received_at", "")
    try:
        received = datetime.datetime.fromisoformat(text) if text else None
    except ValueError:
        raise ArrivalsError(
            f"{path}, line {line}: received_at is '{text}'; write a time like 2026-03-01T12:00:00Z"
        ) from None
    if received is not None and received.tzinfo is None:
        received = received.replace(tzinfo=datetime.UTC)
    return Arrival(
        name=values["name"],
        team=values.get("team", ""),
        received_at=received,
        baseline=baseline == "yes",
    )

"""``submissions.csv``: who handed what in and when, and which of a team's entries counts.

The file lies beside the submissions; its columns are ``name``, ``team``, ``received_at`` (ISO 8601)
and, optionally, ``baseline`` (``yes`` or ``no``). Every row and every value but the name may be
left out: a submission without a team is a team of its own, and one without a time comes after all
that have one, by name.
"""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from zcnas.errors import ArrivalsError
from zcnas.leaderboard import Entry, rank_entries
from zcnas.submissions import find_submissions, submission_name

ARRIVALS_FILE = "submissions.csv"
COLUMNS = ("name", "team", "received_at", "baseline")

Rule = Literal["every", "best", "last"]


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ``submissions.csv``."""

    name: str
    team: str = ""
    received_at: datetime.datetime | None = None
    baseline: bool = False


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


def arrange(
    entries: Iterable[Entry], arrivals: Mapping[str, Arrival], rule: Rule
) -> tuple[Entry, ...]:
    """Return the entries ranked, with their teams, in order of arrival among equals.

    Args:
        entries: In any order.
        arrivals: What is known of them.
        rule: Which of a team's entries counts: ``every`` one, the ``best`` (the earliest of equals)
            or the ``last`` that came in. The others stand after the ranking, without a rank.
            Baselines always count.

    Raises:
        ArrivalsError: The last entry counts, and a team with several has one without a time.
    """
    known = sorted(
        (_with_arrival(entry, arrivals.get(entry.submission)) for entry in entries),
        key=lambda entry: (not entry.received_at, entry.received_at, entry.submission),
    )
    chosen = _counting(known, rule)
    counted = [msgspec.structs.replace(e, counted=True) for e in known if e.submission in chosen]
    others = [
        msgspec.structs.replace(e, counted=False) for e in known if e.submission not in chosen
    ]
    unranked = [msgspec.structs.replace(entry, rank=None) for entry in rank_entries(others)]
    ranking = rank_entries(counted)
    return (
        *(entry for entry in ranking if entry.rank is not None),
        *unranked,
        *(entry for entry in ranking if entry.rank is None),
    )


def _with_arrival(entry: Entry, arrival: Arrival | None) -> Entry:
    if arrival is None:
        return entry
    received = arrival.received_at
    utc = "" if received is None else received.astimezone(datetime.UTC).isoformat()
    return msgspec.structs.replace(
        entry,
        team=arrival.team,
        received_at=utc.replace("+00:00", "Z"),
        baseline=arrival.baseline,
    )


def _counting(entries: Sequence[Entry], rule: Rule) -> set[str]:
    """Return the names of the entries that count, of entries in order of arrival."""
    chosen: set[str] = set()
    teams: dict[str, list[Entry]] = {}
    for entry in entries:
        if rule == "every" or entry.baseline or not entry.team:
            chosen.add(entry.submission)
        else:
            teams.setdefault(entry.team, []).append(entry)
    for team, own in teams.items():
        if rule == "best":
            chosen.add(max(own, key=lambda e: -2.0 if e.score is None else e.score).submission)
        elif len(own) > 1 and (timeless := [e.submission for e in own if not e.received_at]):
            raise ArrivalsError(
                f"the last entry of a team counts in this phase, and {ARRIVALS_FILE} does not say "
                f"when {', '.join(timeless)} of team '{team}' arrived; add received_at"
            )
        else:
            chosen.add(own[-1].submission)
    return chosen

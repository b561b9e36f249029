"""The roster in a results folder: what the board says of teams and times, and nothing older."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from zcnas.errors import ArrivalsError
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.submissions.roster import ARRIVALS_FILE, read_arrivals, write_arrivals
from zcnas.words.records import Arrival


def replace_rows(
    results: ResultsFolder, names: Collection[str], roster: Mapping[str, Arrival]
) -> None:
    """Have ``OUT/submissions.csv`` say of these submissions what the roster says, or nothing.

    Rows of other submissions that have results in the folder stay.

    Args:
        results: The folder of a run.
        names: The submissions of this run.
        roster: What stands beside them now.

    Raises:
        ArrivalsError: The file is malformed, and may have rows that must stay.
    """
    path = results.path / ARRIVALS_FILE
    others = {record.name for record in results.submissions()} - set(names)
    try:
        earlier = read_arrivals(path)
    except ArrivalsError:
        if others:
            raise
        earlier = {}
    rows = {name: row for name, row in earlier.items() if name in others}
    rows.update(roster)
    if rows:
        write_arrivals(path, rows)
    else:
        path.unlink(missing_ok=True)

"""A folder of pulled submissions, and what ``pull.json`` in it says of them.

OUT/pull.json
OUT/submissions/   what finished there, with submissions.csv
OUT/failed/        what failed there, likewise
OUT/deleted/       what is no longer on the platform
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from zcnas.errors import ArrivalsError, ResultsError
from zcnas.submissions.roster import ARRIVALS_FILE, write_arrivals
from zcnas.words.records import Arrival, read_json, write_json

PULL_FILE = "pull.json"
SCHEMA_VERSION = 1
Shelf = Literal["submissions", "failed", "deleted"]
SHELVES: tuple[Shelf, ...] = ("submissions", "failed", "deleted")
MAX_OWNER_LENGTH = 40
"""Of a team's name in a file's name, which ends with the submission's number."""


class PulledSubmission(msgspec.Struct, frozen=True, kw_only=True):
    """One submission.

    Attributes:
        id: Its number on the platform.
        team: The user who handed it in.
        received_at: When, ISO 8601.
        status: The platform's word, "Finished" or "Failed" for one that is over.
        details: The platform's reason for a failure.
        posted: The leaderboard's columns.
        sha256: Digest of its file here; empty as long as there is none.
        deleted: Whether the platform no longer has it.
    """

    id: int
    team: str
    received_at: str
    status: str
    details: str = ""
    posted: dict[str, float] = {}
    sha256: str = ""
    deleted: bool = False

    @property
    def name(self) -> str:
        """Its file's name without the ending, and so its name on the leaderboard here."""
        team = re.sub(r"[^\w.-]", "_", self.team)[:MAX_OWNER_LENGTH].lstrip(".-_") or "team"
        return f"{team}-{self.id}"

    @property
    def shelf(self) -> Shelf:
        """The folder it belongs in."""
        if self.deleted:
            return "deleted"
        return "submissions" if self.status == "Finished" else "failed"


class Pulled(msgspec.Struct, frozen=True, kw_only=True):
    """``pull.json``.

    Attributes:
        site: The platform's address.
        competition: Its number there.
        phase: The phase here, a name of ``phases.toml``.
        phase_id: The phase's number there.
        pulled_at: When the list was last read, ISO 8601.
        complete: Whether every file is here.
        ranking: Numbers of the submissions on the leaderboard, in its order.
        submissions: All that are over, the oldest first.
        unfinished: How many were still waiting or running.
        failed_runs: Phase's title, then team, to the number of its failed runs there.
    """

    schema_version: int = SCHEMA_VERSION
    site: str
    competition: int
    title: str
    phase: str
    phase_id: int
    pulled_at: str
    complete: bool = False
    ranking: tuple[int, ...] = ()
    submissions: tuple[PulledSubmission, ...] = ()
    unfinished: int = 0
    failed_runs: dict[str, dict[str, int]] = {}

    def by_name(self) -> dict[str, PulledSubmission]:
        """Return the submissions by their names here."""
        return {each.name: each for each in self.submissions}


def read_pulled(folder: Path) -> Pulled:
    """Return a folder's ``pull.json``.

    Raises:
        ResultsError: There is none, or it is damaged.
    """
    if not (folder / PULL_FILE).is_file():
        raise ResultsError(
            f"{folder} has no {PULL_FILE}; fill it with `zcnas pull --competition ID --phase PHASE "
            f"--out {folder}`"
        )
    return read_json(folder / PULL_FILE, Pulled, ResultsError)


def file_of(folder: Path, submission: PulledSubmission) -> Path:
    """Return where a submission's zip is, or will be."""
    return folder / submission.shelf / f"{submission.name}.zip"


def store(folder: Path, pulled: Pulled) -> None:
    """Write ``pull.json`` and the rosters, and move files to where they belong now."""
    for each in pulled.submissions:
        target = file_of(folder, each)
        for shelf in SHELVES:
            found = folder / shelf / target.name
            if found != target and found.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                found.replace(target)
    for shelf in ("submissions", "failed"):
        here = [e for e in pulled.submissions if e.shelf == shelf and e.sha256]
        if here:
            write_arrivals(folder / shelf / ARRIVALS_FILE, {e.name: _arrival(e) for e in here})
        else:
            (folder / shelf / ARRIVALS_FILE).unlink(missing_ok=True)
    write_json(folder / PULL_FILE, pulled)


def count_by_phase_and_team(runs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Return how often each team occurs in each phase, most often first."""
    table: dict[str, Counter[str]] = {}
    for phase, team in runs:
        table.setdefault(phase, Counter())[team] += 1
    return {phase: dict(teams.most_common()) for phase, teams in sorted(table.items())}


def _arrival(submission: PulledSubmission) -> Arrival:
    try:
        received = datetime.datetime.fromisoformat(submission.received_at)
    except ValueError:
        raise ArrivalsError(
            f"submission {submission.id} came at '{submission.received_at}', which is no time"
        ) from None
    return Arrival(name=submission.name, team=submission.team, received_at=received, baseline=False)

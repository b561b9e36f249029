"""What is known of an attempt and of a run, as the database keeps it."""

from __future__ import annotations

import datetime
from typing import Literal

import msgspec

from zcnas.submissions.names import clean_name

State = Literal["refused", "waiting", "running", "scored", "failed", "cancelled", "disqualified"]
STATES: dict[State, str] = {
    "refused": "not accepted; the reason is in the answer; counts against no quota",
    "waiting": "accepted, and in the queue",
    "running": "being run",
    "scored": "run to its end, and on the board",
    "failed": "a fault of the organiser's machine; counts against no quota",
    "cancelled": "taken out of the queue by the organiser; counts against no quota",
    "disqualified": "taken off the board by the organiser; counts against the quota",
}
"""Every state of an attempt, with its meaning."""
COUNTED: tuple[State, ...] = ("waiting", "running", "scored", "disqualified")
"""The states of attempts that count against a team's quotas."""

MAX_TEAM = 40
"""Characters of a team's name in an attempt's."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """Something a team handed in: a row of the table ``attempts``.

    Attributes:
        number: Counts from 1, over all teams and phases.
        arrival: Names the file as it lay in the inbox, so that none is taken twice.
        team: The folder it lay in.
        file: Its name there.
        phase: The phase that was open; "" if there was none.
        received_at: When it was complete, UTC, ISO 8601.
        sha256: Digest of its content, however it was packed; "" if it was refused.
        state: Where it is; ``STATES`` explains each value.
        note: What the team is told beside the state: reasons, and what was left out of it.
    """

    number: int
    arrival: str
    team: str
    file: str
    phase: str
    received_at: str
    sha256: str
    state: State
    note: str

    @property
    def name(self) -> str:
        """Its name on the board, in the results and in the outbox."""
        return attempt_name(self.team, self.number)

    @property
    def received(self) -> datetime.datetime:
        """When it was complete."""
        return datetime.datetime.fromisoformat(self.received_at)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt being run, or having been: a row of the table ``runs``.

    Attributes:
        number: Counts from 1; names its results folder.
        attempt: The attempt's number.
        generation: The phase's generation it belongs to; a rerun of everything begins another.
        started_at: UTC, ISO 8601.
        ended_at: The same; "" while it is open, across restarts of the server.
        fault: Why this machine could not finish it; "" if it did.
        score: The score it was given; None before it has one.
        scores: The columns of its ``scores.json``, as JSON; "" before it has them.
        machine: The host.
        cpu_model: The host's processor.
        image: Digest of what the container's image is built from; "" for none.
        program: Digest of the worker's program.
    """

    number: int
    attempt: int
    generation: int
    started_at: str
    ended_at: str
    fault: str
    score: float | None
    scores: str
    machine: str
    cpu_model: str
    image: str
    program: str


def attempt_name(team: str, number: int) -> str:
    """Return an attempt's name: the team's, cut, and the number, so that none is equal."""
    cut = clean_name(team)[:MAX_TEAM].rstrip(" .-")
    return clean_name(f"{cut}-{number}")


def kernel_time(seconds: float) -> datetime.datetime:
    """Return the moment of a file's change, at the latest this one."""
    now = datetime.datetime.now(datetime.UTC)
    return min(now, datetime.datetime.fromtimestamp(seconds, datetime.UTC))


def now() -> str:
    """Return this moment in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")

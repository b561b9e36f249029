"""The leaderboard as a record: ``leaderboard.json``, and the same as ``leaderboard.csv``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Literal

import msgspec

from zcnas.records import write_json
from zcnas.text import spreadsheet_text

SCHEMA_VERSION = 1

EntryStatus = Literal["scored", "invalid_submission", "organiser_error"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One submission on the leaderboard.

    An ``organiser_error`` has neither score nor rank; an entry of which no query was ``answered``
    on any benchmark has no rank.

    Team, time and ``baseline`` come from ``submissions.csv``; an entry that its team's rule passes
    over is not ``counted`` and has no rank. The statistics (``statistics.py``) are None until
    they have been computed: 95 % intervals of the score and of each tau, the rank group, and the
    probability of being first.
    ``sha256`` is the digest of its content; empty if it was refused, or derived from others and is
    therefore a ``baseline`` too.
    """

    rank: int | None = None
    submission: str
    method: str
    score: float | None
    kendall_tau: dict[str, float]
    status: EntryStatus
    answered: bool = True
    failures: dict[str, int]
    wall_time_s: float
    cpu_time_s: float
    message: str = ""
    team: str = ""
    received_at: str = ""
    baseline: bool = False
    counted: bool = True
    score_interval: tuple[float, float] | None = None
    tau_intervals: dict[str, tuple[float, float]] = {}
    rank_group: int | None = None
    first_probability: float | None = None
    sha256: str = ""


class Leaderboard(msgspec.Struct, frozen=True, kw_only=True):
    """``leaderboard.json``.

    Attributes:
        contained: Whether submissions could reach neither files nor network; None in a leaderboard
            of an earlier version, whose isolation's description has to tell.
    """

    schema_version: int = SCHEMA_VERSION
    phase: str
    title: str
    isolation: str
    data_sources: dict[str, str]
    accuracy_sources: dict[str, str]
    benchmarks: tuple[str, ...]
    entries: tuple[Entry, ...]
    contained: bool | None = None


def write_leaderboard(leaderboard: Leaderboard, folder: Path) -> None:
    """Write ``leaderboard.json`` and ``leaderboard.csv`` into a folder."""
    write_json(folder / "leaderboard.json", leaderboard)
    rows = [_row(entry, leaderboard.benchmarks) for entry in leaderboard.entries]
    with (folder / "leaderboard.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_columns(leaderboard.benchmarks))
        writer.writerows(rows)


def _columns(benchmarks: tuple[str, ...]) -> list[str]:
    return [
        *("rank", "submission", "method", "team", "received_at", "baseline", "counted", "score"),
        *("score_low", "score_high", "rank_group", "first_probability"),
        *benchmarks,
        *("status", "failed", "wall_time_s", "cpu_time_s"),
    ]


def _row(entry: Entry, benchmarks: tuple[str, ...]) -> list[object]:
    """Return an entry's values in the order of ``_columns``; None leaves a cell empty."""
    return [
        entry.rank,
        *map(spreadsheet_text, (entry.submission, entry.method, entry.team)),
        *(entry.received_at, entry.baseline, entry.counted, entry.score),
        *(entry.score_interval or (None, None)),
        *(entry.rank_group, entry.first_probability),
        *(entry.kendall_tau.get(key) for key in benchmarks),
        *(entry.status, sum(entry.failures.values()), entry.wall_time_s, entry.cpu_time_s),
    ]

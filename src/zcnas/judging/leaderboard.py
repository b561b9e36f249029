"""The leaderboard as a record: ``leaderboard.json``, and the same as ``leaderboard.csv``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Literal

import msgspec

from zcnas.words.records import Share, write_json
from zcnas.words.text import spreadsheet_text
from zcnas.words.tracks import ZERO_SHOT, Track

SCHEMA_VERSION = 1

EntryStatus = Literal["scored", "invalid_submission", "organiser_error"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One submission on the leaderboard.

    The statistics (``statistics.py``) are None until they have been computed.

    Attributes:
        rank: Its place; None for a baseline, for an entry that does not count, of which no query
            was answered, or that this machine failed.
        submission: Its name.
        method: The predictor's own name for what it does.
        track: The track it states.
        score: The mean of its taus; None for an ``organiser_error``.
        kendall_tau: Kendall's tau-b by benchmark.
        status: Whether it was scored, refused, or failed by this machine.
        answered: Whether any query was answered on any benchmark.
        failures: How many architectures failed, by status.
        wall_time_s: Wall seconds of all benchmarks.
        cpu_time_s: CPU seconds of all queries.
        message: Why it was refused or not scored; "" if it was.
        team: Whose it is, from ``submissions.csv``.
        received_at: When it arrived, from ``submissions.csv``.
        baseline: Whether it is the organiser's, or derived from others, and competes with nobody.
        counted: Whether its team's rule lets it count.
        score_interval: 95 % interval of the score.
        tau_intervals: 95 % interval of each tau.
        rank_group: Entries of one group cannot be told apart.
        first_probability: The probability of being first.
        sha256: Digest of its content; empty if it was refused or derived from others.
    """

    rank: int | None = None
    submission: str
    method: str
    track: Track = ZERO_SHOT
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
        schema_version: Of this file.
        phase: The phase's name.
        title: The phase's name in words.
        isolation: What kept submissions apart, in words.
        data_sources: Where each benchmark's minibatch comes from.
        accuracy_sources: Where each benchmark's accuracies come from.
        benchmarks: Their keys, in the order of the columns.
        entries: By rank; those without one come last.
        contained: Whether submissions could reach neither files nor network; None in a leaderboard
            of an earlier version, whose isolation's description has to tell.
        share: Which architectures of the draws it is computed on.
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
    share: Share = "all"

    @property
    def ran_contained(self) -> bool:
        """Whether submissions could reach neither files nor network, as far as is recorded."""
        if self.contained is None:
            return not self.isolation.startswith("process")
        return self.contained


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
        *("rank", "submission", "method", "track", "team"),
        *("received_at", "baseline", "counted", "score"),
        *("score_low", "score_high", "rank_group", "first_probability"),
        *benchmarks,
        *("status", "failed", "wall_time_s", "cpu_time_s"),
    ]


def _row(entry: Entry, benchmarks: tuple[str, ...]) -> list[object]:
    """Return an entry's values in the order of ``_columns``; None leaves a cell empty."""
    return [
        entry.rank,
        *map(spreadsheet_text, (entry.submission, entry.method, entry.track, entry.team)),
        *(entry.received_at, entry.baseline, entry.counted, entry.score),
        *(entry.score_interval or (None, None)),
        *(entry.rank_group, entry.first_probability),
        *(entry.kendall_tau.get(key) for key in benchmarks),
        *(entry.status, sum(entry.failures.values()), entry.wall_time_s, entry.cpu_time_s),
    ]

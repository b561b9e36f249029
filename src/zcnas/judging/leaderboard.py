"""The leaderboard as a record: ``leaderboard.json``, and the same as ``leaderboard.csv``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from zcnas.records import write_json

SCHEMA_VERSION = 1

EntryStatus = Literal["scored", "invalid_submission", "organiser_error"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One submission on the leaderboard; an ``organiser_error`` has neither score nor rank.

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
    import pandas as pd

    write_json(folder / "leaderboard.json", leaderboard)
    rows = [
        {
            "rank": entry.rank,
            "submission": _as_text(entry.submission),
            "method": _as_text(entry.method),
            "team": _as_text(entry.team),
            "received_at": entry.received_at,
            "baseline": entry.baseline,
            "counted": entry.counted,
            "score": entry.score,
            "score_low": entry.score_interval[0] if entry.score_interval else None,
            "score_high": entry.score_interval[1] if entry.score_interval else None,
            "rank_group": entry.rank_group,
            "first_probability": entry.first_probability,
            **{key: entry.kendall_tau.get(key) for key in leaderboard.benchmarks},
            "status": entry.status,
            "failed": sum(entry.failures.values()),
            "wall_time_s": entry.wall_time_s,
            "cpu_time_s": entry.cpu_time_s,
        }
        for entry in leaderboard.entries
    ]
    frame = pd.DataFrame(rows)
    if rows:
        frame = frame.astype({"rank": "Int64", "rank_group": "Int64"})
    frame.to_csv(folder / "leaderboard.csv", index=False)


def _as_text(text: str) -> str:
    """Return a participant's text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text

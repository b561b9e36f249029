"""The leaderboard: entries ranked by score, as JSON, as CSV, and as a table on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from zcnas.benchmarks import get_benchmark
from zcnas.records import write_json

SCHEMA_VERSION = 1
MAX_INLINE_BENCHMARKS = 3
MAX_COMPARED_ENTRIES = 4
"""How many benchmarks, and how many entries beside each other, fit a terminal of 80 columns."""

EntryStatus = Literal["scored", "invalid_submission", "organiser_error"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One submission on the leaderboard; an ``organiser_error`` has neither score nor rank.

    Team, time and ``baseline`` come from ``submissions.csv``; an entry that its team's rule passes
    over is not ``counted`` and has no rank. The statistics (``zcnas.statistics``) are None until
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
    """``leaderboard.json``."""

    schema_version: int = SCHEMA_VERSION
    phase: str
    title: str
    isolation: str
    data_sources: dict[str, str]
    accuracy_sources: dict[str, str]
    benchmarks: tuple[str, ...]
    entries: tuple[Entry, ...]


def rank_entries(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the entries by falling score with their ranks.

    Equal scores share a rank, and the next rank counts them all (1, 1, 3); among them the order
    given, which is the order of arrival, stays. Entries without a score come last, without a rank.
    """
    scored = sorted(
        (entry for entry in entries if entry.score is not None),
        key=lambda entry: -(entry.score or 0.0),
    )
    ranked: list[Entry] = []
    for position, entry in enumerate(scored, start=1):
        tied = bool(ranked) and ranked[-1].score == entry.score
        rank = ranked[-1].rank if tied else position
        ranked.append(msgspec.structs.replace(entry, rank=rank))
    return (*ranked, *(entry for entry in entries if entry.score is None))


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


def render(leaderboard: Leaderboard) -> list[Table]:
    """Return the leaderboard as tables for the terminal.

    One table where the benchmarks' taus fit beside the ranking; with more benchmarks, a second one
    that has a row per benchmark and a column for each of the first entries.
    """
    inline = len(leaderboard.benchmarks) <= MAX_INLINE_BENCHMARKS
    ranking = _ranking(leaderboard, leaderboard.benchmarks if inline else ())
    return [ranking] if inline else [ranking, _taus(leaderboard)]


def _ranking(leaderboard: Leaderboard, benchmarks: tuple[str, ...]) -> Table:
    show_method = any(entry.method != entry.submission for entry in leaderboard.entries)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right")
    table.add_column("submission", overflow="fold")
    if show_method:
        table.add_column("method", overflow="fold")
    table.add_column("score", justify="right", style="bold", no_wrap=True)
    for key in benchmarks:
        benchmark = get_benchmark(key)
        heading = f"{benchmark.dataset.name}\n{benchmark.search_space}"
        table.add_column(
            heading, justify="right", overflow="fold", min_width=len(benchmark.dataset.name)
        )
    table.add_column("failed", justify="right")
    table.add_column("CPU", justify="right", no_wrap=True)
    for entry in leaderboard.entries:
        table.add_row(
            "–" if entry.rank is None else str(entry.rank),
            escape(entry.submission),
            *([escape(entry.method)] if show_method else []),
            _number(entry.score),
            *(_number(entry.kendall_tau.get(key)) for key in benchmarks),
            str(sum(entry.failures.values())),
            f"{entry.cpu_time_s:.0f} s",
        )
    return table


def _taus(leaderboard: Leaderboard) -> Table:
    shown = leaderboard.entries[:MAX_COMPARED_ENTRIES]
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("Kendall tau", no_wrap=True)
    for entry in shown:
        table.add_column(escape(entry.submission), justify="right", overflow="fold", min_width=7)
    for key in leaderboard.benchmarks:
        table.add_row(key, *(_number(entry.kendall_tau.get(key)) for entry in shown))
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _as_text(text: str) -> str:
    """Return a participant's text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text

"""The leaderboard as tables for the terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from zcnas.benchmarks import get_benchmark
from zcnas.judging.leaderboard import Leaderboard

MAX_INLINE_BENCHMARKS = 3
MAX_COMPARED_ENTRIES = 4
"""How many benchmarks, and how many entries beside each other, fit a terminal of 80 columns."""


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

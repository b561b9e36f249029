"""What a search would find, as the pages show it: numbers with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zcnas.judging.outcomes import Analysis, Outcomes
from zcnas.judging.top_k import TRAINED
from zcnas.pages.environment import format_interval, format_tau

TITLES = {
    "precision": "Top 10 %",
    "ndcg": "nDCG@10 %",
    "best": f"Best of top {TRAINED}",
    "regret": f"Regret@{TRAINED}",
}
"""A measure to its column."""
_DECIMALS = 3


@dataclass(frozen=True)
class TopCell:
    """A measure and its interval, as text."""

    value: str
    interval: str


def top_cells(analysis: Analysis, row: int, column: int) -> tuple[TopCell, ...]:
    """Return every measure of a submission on a benchmark."""
    return tuple(
        _cell(
            name,
            float(analysis.top[name].values[row, column]),
            analysis.top[name].intervals[row, column].tolist(),
        )
        for name in TITLES
    )


def mean_titles(outcomes: Sequence[Outcomes]) -> tuple[str, ...]:
    """Return the columns of means over benchmarks."""
    return tuple(TITLES[name] for name in _averaged(outcomes))


def mean_cells(
    analysis: Analysis, row: int | None, outcomes: Sequence[Outcomes]
) -> tuple[TopCell, ...]:
    """Return every measure that can be averaged over the benchmarks, its mean and its interval."""
    names = _averaged(outcomes)
    if row is None:
        return tuple(TopCell("–", "") for _ in names)
    return tuple(
        _cell(
            name,
            float(analysis.top[name].means[row]),
            analysis.top[name].mean_intervals[row].tolist(),
        )
        for name in names
    )


def _averaged(outcomes: Sequence[Outcomes]) -> tuple[str, ...]:
    """Return the measures whose mean means something: a regret's only if all units are one."""
    one = len({each.unit for each in outcomes}) == 1
    return ("precision", "ndcg", *(("regret",) if one else ()))


def _cell(name: str, value: float, interval: Sequence[float]) -> TopCell:
    if name == "precision":
        low, high = (f"{100 * end:.0f}" for end in interval)
        return TopCell(f"{100 * value:.0f} %", f"[{low}, {high}]")
    return TopCell(format_tau(value, _DECIMALS), format_interval(interval, _DECIMALS))

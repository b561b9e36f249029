"""Where a score stands among the baselines that ``docs/baselines.json`` records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zcnas.errors import PredictionError
from zcnas.judging.leaderboard import Leaderboard
from zcnas.words.records import read_json

RECORD = "docs/baselines.json"


@dataclass(frozen=True)
class Baseline:
    """A baseline and its mean tau over the benchmarks in question."""

    name: str
    score: float


@dataclass(frozen=True)
class Standing:
    """A score among the baselines.

    Attributes:
        rank: 1 for a score above all of them.
        baselines: All of them, best first.
        next_above: The weakest baseline that is better; None at the top.
        best_below: The strongest baseline that is not; None at the bottom.
    """

    rank: int
    baselines: tuple[Baseline, ...]
    next_above: Baseline | None
    best_below: Baseline | None


def read_baselines(path: Path) -> Leaderboard:
    """Return the recorded baselines.

    Raises:
        PredictionError: The record is missing or malformed.
    """
    return read_json(path, Leaderboard, PredictionError)


def standing_of(taus: Mapping[str, float], board: Leaderboard) -> Standing | None:
    """Return where taus stand; None if the baselines were not measured on these benchmarks.

    Args:
        taus: Benchmark to tau, on the architectures of the baselines' phase.
        board: The baselines.
    """
    if not taus or not set(taus) <= set(board.benchmarks):
        return None
    baselines = sorted(
        (
            Baseline(entry.submission, _mean([entry.kendall_tau[key] for key in taus]))
            for entry in board.entries
            if set(taus) <= entry.kendall_tau.keys()
        ),
        key=lambda baseline: (-baseline.score, baseline.name),
    )
    score = _mean(list(taus.values()))
    above = [each for each in baselines if each.score > score]
    below = [each for each in baselines if each.score <= score]
    return Standing(
        rank=len(above) + 1,
        baselines=tuple(baselines),
        next_above=above[-1] if above else None,
        best_below=below[0] if below else None,
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)

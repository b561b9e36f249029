"""The leaderboard of a bundle: its columns, their short titles, and which submissions it shows.

One leaderboard serves all phases, so it has the columns of all of them. A platform ranks by the
first column, our own mean over the benchmarks, and never computes a mean itself. It breaks ties by
the further columns and then by time of arrival, which is why there is no column of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zcnas.benchmarks import SHORT_SPACES, Benchmark, get_benchmark
from zcnas.errors import BundleError
from zcnas.phases import CountingRule, Phase
from zcnas.words.feedback import shown

TAU_DECIMALS = 4
MAX_TITLE_LENGTH = 36
"""Characters of a column's title or key, a limit of Codabench."""

SHORT_DATASETS = {
    "cifar10": "C10",
    "cifar100": "C100",
    "ImageNet16-120": "IN16-120",
    "svhn": "SVHN",
    "ninapro": "NinaPro",
    "scifar100": "SC100",
    "class_scene": "scene",
    "class_object": "object",
    "room_layout": "layout",
    "segmentsemantic": "segment",
}
"""Names of a plugin, and those left out here, stand for themselves."""

SUBMISSION_RULES: dict[CountingRule, str] = {
    "every": "Force_Latest_Multiple",
    "best": "Force_Best",
    "last": "Force_Last",
    "chosen": "Force_Latest_Multiple",
}
"""Maps a phase's ``counts`` to Codabench's rule for what stands on the leaderboard.

Where teams choose, every entry stands there: a rule of Codabench by which participants choose lets
them take entries off the board as well, and the choice counts in the ranking at home.
"""


def columns(phases: Sequence[Phase]) -> list[dict[str, Any]]:
    """Return the leaderboard's columns in order: key, title, sorting and decimals."""
    benchmarks = dict.fromkeys(key for phase in phases for key in phase.benchmarks)
    return [
        {"key": "score", "title": "Score (mean tau)", "sorting": "desc", "precision": TAU_DECIMALS},
        *(
            {
                "key": key,
                "title": short_title(get_benchmark(key)),
                "sorting": "desc",
                "precision": TAU_DECIMALS,
            }
            for key in benchmarks
        ),
        {"key": "failed", "title": "Failed", "sorting": "asc", "precision": 0},
    ]


def short_title(benchmark: Benchmark) -> str:
    """Return a benchmark's title on a leaderboard with many columns, such as ``NB201 C10``."""
    space = SHORT_SPACES.get(benchmark.search_space, benchmark.search_space)
    dataset = SHORT_DATASETS.get(benchmark.dataset.name, benchmark.dataset.name)
    return f"{space} {dataset}"[:MAX_TITLE_LENGTH]


def counting_rule(phases: Sequence[Phase]) -> CountingRule:
    """Return which of a participant's entries stand on the one leaderboard of all phases.

    A phase that shows no score has nothing to rank there and may count differently.

    Raises:
        BundleError: Phases that show scores count differently.
    """
    ranked = [phase for phase in phases if shown(phase).scores] or list(phases)
    rules = {phase.name: phase.counts for phase in ranked}
    if len(set(rules.values())) > 1:
        listed = ", ".join(f"{name} has counts = {rule!r}" for name, rule in rules.items())
        raise BundleError(
            f"a platform has one leaderboard with one rule for all phases, but {listed}; give them "
            "the same `counts` in phases.toml, or bundle them as competitions of their own"
        )
    return ranked[0].counts

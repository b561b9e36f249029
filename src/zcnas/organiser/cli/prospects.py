"""What a dry run says of the rest of the competition: the baselines, and the cost in `final`."""

from __future__ import annotations

from rich.console import Console

from zcnas.errors import ZcnasError
from zcnas.organiser.cli.explanation import Explanation
from zcnas.organiser.cli.options import phases_file
from zcnas.organiser.costs import COSTS_FILE, expected_cost, read_costs
from zcnas.participant.standing import RECORD, Standing, read_baselines, standing_of
from zcnas.phases import load_phases
from zcnas.words.records import read_input
from zcnas.words.resources import INPUT_FOLDER, package_file

COST_OF = "final"
"""The phase whose cost is foretold."""


def print_prospects(explanation: Explanation, console: Console) -> None:
    """Print where a dry run stands among the baselines, and what it would cost in `final`."""
    for text in (_standing(explanation), _cost(explanation)):
        if text:
            console.print(text, markup=False, highlight=False, soft_wrap=True)


def _standing(explanation: Explanation) -> str:
    if not explanation.complete or not _is_published(explanation):
        return ""
    (entry,) = explanation.judgement.leaderboard.entries
    standing = standing_of(entry.kendall_tau, read_baselines(package_file(RECORD)))
    return "" if standing is None else words_of(standing)


def words_of(standing: Standing) -> str:
    """Return a standing as a sentence."""
    place = f"rank {standing.rank} among {len(standing.baselines)} baselines"
    said = []
    if standing.next_above:
        said.append(f"next to beat: {standing.next_above.name} {standing.next_above.score:.4f}")
    if standing.best_below:
        said.append(
            f"already behind you: {standing.best_below.name} {standing.best_below.score:.4f}"
        )
    return "; ".join([place, *said])


def _is_published(explanation: Explanation) -> bool:
    """Return whether these are the architectures the baselines were measured on."""
    return all(
        read_input(package_file(f"{INPUT_FOLDER}/{key}.json")).architectures == data.architectures
        for key, data in explanation.inputs.items()
    )


def _cost(explanation: Explanation) -> str:
    phases = load_phases(phases_file())
    target = phases.get(COST_OF)
    (entry,) = explanation.judgement.leaderboard.entries
    if target is None or not entry.cpu_time_s:
        return ""
    try:
        record = read_costs(package_file(COSTS_FILE))
    except ZcnasError:
        return ""
    expected = expected_cost(entry.cpu_time_s, explanation.phase, explanation.asked, target, record)
    if expected is None:
        return ""
    text = f"expected in {COST_OF}: about {_duration(expected.cpu_s)} of CPU time"
    limit = target.limits.benchmark_cpu_s
    for key, seconds in expected.over:
        text += f"; too slow on {key}: about {_duration(seconds)} of {_duration(limit)}"
    return text


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"

"""A check for a plugin's own tests: does a search algorithm keep the contract that ours keep?

``check_algorithm("annealing")`` raises ``AssertionError`` with all findings, so any test runner
shows them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.searches.algorithm import Setting
from zcnas.searches.algorithms import get_algorithm
from zcnas.searches.arena import Arena
from zcnas.searches.budget import Budget, PaidScores, ScoreColumn
from zcnas.searches.candidates import Candidates
from zcnas.searches.plans import Plan
from zcnas.searches.trials import run_trial
from zcnas.searches.wrappers import read_moves, read_warmup

MODELS = 40
ALTERNATIVES = 5
PROXY = "proxy"


def check_algorithm(name: str) -> None:
    """Check that an algorithm proposes candidates, spends its budget and depends on its seed alone.

    It searches 625 cells of NAS-Bench-201 whose accuracies are a formula: alone, after a warm-up,
    and with a choice among its moves.

    Raises:
        AssertionError: Something is wrong; the message lists all of it.
        SearchError: The algorithm is unknown, or proposed something that is not a candidate.
        PluginError: It cannot be loaded.
    """
    problems = list(_problems(name, practice_arena()))
    if problems:
        raise AssertionError(f"{name} does not conform:" + "".join(f"\n  - {p}" for p in problems))


def practice_arena() -> Arena:
    """Return cells of NAS-Bench-201 whose accuracy is the number of convolutions, and a proxy."""
    cells = [c for c in NasBench201Spec.enumerate() if c.ops[4:] == ("none", "skip_connect")]
    accuracy = np.array([50.0 + 10 * sum("conv" in op for op in cell.ops) for cell in cells])
    accuracy += np.arange(len(cells)) / len(cells)  # no ties
    noisy = accuracy + 20 * np.random.default_rng(0).normal(size=len(cells))
    column = ScoreColumn(noisy, np.full(len(cells), 0.1), "made up")
    candidates = Candidates("nasbench201", tuple(map(str, cells)))
    words = ("a formula", "the same formula")
    return Arena(
        "nasbench201_cifar10", candidates, accuracy, accuracy, words, ("", ""), {PROXY: column}
    )


def _problems(name: str, arena: Arena) -> Iterator[str]:
    alone = Plan(arena.benchmark, name, models=MODELS)
    warm = Plan(arena.benchmark, name, read_warmup(f"{PROXY}:200"), models=MODELS)
    moving = Plan(arena.benchmark, name, moves=read_moves(f"{PROXY}:{ALTERNATIVES}"), models=MODELS)
    for plan in (alone, warm, moving):
        trial, again, other = (run_trial(plan, arena, number) for number in (0, 0, 1))
        if trial.models < MODELS // 2:
            yield f"{plan.name}: it trains {trial.models} models of a budget of {MODELS}"
        if trial.digest != again.digest:
            yield f"{plan.name}: one seed gives two trials; draw from `setting.rng` alone"
        if trial.digest == other.digest:
            yield f"{plan.name}: two seeds give one trial"
    scores = PaidScores(arena.columns, Budget(MODELS))
    algorithm = get_algorithm(name)(Setting(arena.candidates, random.Random(0), scores))
    for _ in range(MODELS):
        proposed = algorithm.ask(ALTERNATIVES)
        if not 1 <= len(proposed) <= ALTERNATIVES:
            yield f"asked for at most {ALTERNATIVES} alternatives it returns {len(proposed)}"
            return
        algorithm.tell(proposed[-1], float(arena.validation[proposed[-1]]))

"""One trial: an algorithm, asked and told until its budget is spent.

    trial = run_trial(plan, arena, 0)

This loop is the only place where an algorithm meets accuracies. Its random numbers come from a seed
that names everything the trial depends on, so a trial is the same on any machine, in any order.
"""

from __future__ import annotations

import hashlib
import random
import time

import msgspec

from zcnas.errors import SearchError
from zcnas.searches.algorithm import Algorithm, Setting
from zcnas.searches.algorithms import get_algorithm
from zcnas.searches.arena import Arena
from zcnas.searches.budget import Budget, PaidScores
from zcnas.searches.plans import Plan
from zcnas.searches.wrappers import Proposing, WarmedUp
from zcnas.words.seeds import derive_seed

REPETITIONS = 500
"""Models in a row that were trained before; then an algorithm has converged and the trial ends."""


class Incumbent(msgspec.Struct, frozen=True, array_like=True):
    """The best model by validation after ``models`` trained ones.

    Beside it what was paid by then: CPU seconds of proxies, and the seconds that the trainings took
    where the table says so, otherwise 0.
    """

    models: int
    architecture: str
    validation: float
    test: float
    proxy_s: float
    training_s: float = 0.0


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of a trial.

    Attributes:
        trial: Its number.
        models: How many models were trained.
        incumbents: Every new best by validation, in order.
        proxy_evaluations: Scores that were paid for.
        proxy_s: Their CPU seconds.
        cpu_s: CPU seconds of the search itself, its predictor included.
        digest: Of the trained models in their order: equal for equal trials.
    """

    trial: int
    models: int
    incumbents: tuple[Incumbent, ...]
    proxy_evaluations: int
    proxy_s: float
    cpu_s: float
    digest: str


def run_trial(plan: Plan, arena: Arena, number: int) -> Trial:
    """Return what comes of one trial.

    Raises:
        SearchError: The algorithm is unknown, cannot search this space, lacks a proxy's scores, or
            proposed something that is not a candidate.
    """
    started = time.process_time()
    budget = Budget(min(plan.models, len(arena)))
    algorithm = _start(plan, arena, budget, number)
    validation, test = arena.validation.tolist(), arena.test.tolist()
    incumbents: list[Incumbent] = []
    seconds = arena.training_s.tolist()
    best, repeated = float("-inf"), 0
    while not budget.is_spent and repeated < REPETITIONS:
        proposed = algorithm.ask(1)
        place = proposed[0] if proposed else -1
        if not 0 <= place < len(validation):
            raise SearchError(
                f"{plan.algorithm} proposed {list(proposed)[:3]}; it must propose places from 0 to "
                f"{len(validation) - 1}: correct its `ask`"
            )
        repeated = 0 if budget.train(place, seconds[place]) else repeated + 1
        accuracy = validation[place]
        if accuracy > best:
            best = accuracy
            text = arena.candidates.architectures[place]
            paid = budget.proxy_s, budget.training_s
            incumbents.append(Incumbent(len(budget.trained), text, accuracy, test[place], *paid))
        algorithm.tell(place, accuracy)
    digest = hashlib.sha256(" ".join(map(str, budget.trained)).encode()).hexdigest()[:16]
    return Trial(
        number, len(budget.trained), tuple(incumbents), budget.proxy_evaluations,
        budget.proxy_s, time.process_time() - started, digest,
    )  # fmt: skip


def _start(plan: Plan, arena: Arena, budget: Budget, number: int) -> Algorithm:
    """Return a plan's algorithm in its wrappers."""
    rng = random.Random(derive_seed("search", plan.benchmark, plan.seed, number))
    scores = PaidScores(arena.columns, budget)
    setting = Setting(arena.candidates, rng, scores, plan.features)
    algorithm = get_algorithm(plan.algorithm)(setting)
    if plan.moves is not None:
        algorithm = Proposing(algorithm, setting, plan.moves)
    if plan.warmup is not None:
        algorithm = WarmedUp(algorithm, setting, plan.warmup)
    return algorithm

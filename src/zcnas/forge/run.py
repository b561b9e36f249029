"""The run of a forge: rounds of trainings until two seeds agree, then more seeds while time lasts.

    probe ──▶ pilot ──▶ all architectures × 2 seeds ──▶ (more steps, again) ──▶ a third seed where
    two differ much ──▶ further seeds ──▶ table and images

More seeds do not help a training that is too short: before networks "click", their accuracies are
luck. So steps are raised first. Every decision follows from recorded trainings, and repeating the
command resumes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from zcnas.datasets.forged import write_images
from zcnas.errors import UsageError
from zcnas.forge.agreement import Agreement, outliers, seed_agreement
from zcnas.forge.images import make_images
from zcnas.forge.measures import MEASURES
from zcnas.forge.plan import ForgePlan
from zcnas.forge.trainings import TRAININGS, Ledger, Training, train_job, training_work, unit_of
from zcnas.jobs.pools import JobPool, LocalPool
from zcnas.jobs.recorded import held, run_works
from zcnas.tables.forged import ForgedTable, write_table

SEEDS = 2
MOST_SEEDS = 5
PROBE = 8
"""Trainings that tell what one takes, before the budget is judged."""
PILOT = 30
"""Architectures that are trained first, to see whether the steps are far from enough."""
GROWTH = 1.5
"""How much longer trainings become where seeds do not agree."""
LEAST_TAU = 0.5
"""Below this tau between seeds a benchmark is not published: its order is mostly luck."""
JOB_UNITS = 10

Progress = Callable[[int, int, float], None]
"""Told how many of how many trainings of a round are done, and how many CPU seconds are left."""


@dataclass(frozen=True)
class Forged:
    """What came of a forge.

    Attributes:
        agreement: Between two seeds.
        steps: Of each training.
        seeds: The smallest and the largest number of trainings of an architecture.
        cpu_s: CPU seconds of all trainings.
        table: The table's file; None if the seeds agree too little to publish it.
        images: The file of training images; None likewise.
    """

    agreement: Agreement
    steps: int
    seeds: tuple[int, int]
    cpu_s: float
    table: Path | None
    images: Path | None


class Forge:
    """A forge and its folder, held while it runs.

    Args:
        plan: What it makes.
        folder: Its folder.
        pool: Opens what runs the trainings; by default one process of this machine.
        progress: Told of each training.
        part: Train only part i of n (counted from 1) of the first round; None for all.
    """

    def __init__(
        self,
        plan: ForgePlan,
        folder: Path,
        pool: Callable[[], JobPool] | None = None,
        progress: Progress | None = None,
        part: tuple[int, int] | None = None,
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._pool = pool or (lambda: LocalPool(train_job, 1))
        self._progress = progress or (lambda done, total, left_s: None)
        self._part = part
        self._draw = plan.draw()
        self._images = make_images(plan)
        self._ledger = Ledger(folder)

    def run(self, to: Path) -> Forged | None:
        """Do what is missing and write what came of it; None after a part.

        Args:
            to: The data folder, for table and images.

        Raises:
            UsageError: The budget is too small for two trainings per architecture.
            OrganiserError: Some trainings failed; the others are recorded.
            ResultsError: Another run holds the folder.
        """
        name = TRAININGS
        if self._part is not None:
            name = "trainings-{}-of-{}.jsonl".format(*self._part)
        self._path = self._folder / name
        with held(self._folder / name.removesuffix(".jsonl")):
            return self._run(to)

    def _run(self, to: Path) -> Forged | None:
        plan = self._plan
        everything = range(plan.architectures)
        if self._part is not None:
            self._train(plan.steps, everything, range(SEEDS))
            return None
        self._train(plan.steps, everything[:PROBE], range(1))
        self._refuse_small_budget()
        steps = plan.steps
        while True:
            more = math.ceil(GROWTH * steps)
            pilot = everything[:PILOT]
            if len(pilot) < len(everything):
                self._train(steps, pilot, range(SEEDS))
                if self._agreement(steps).high < plan.target and self._pays(more, everything):
                    steps = more
                    continue
            self._train(steps, everything, range(SEEDS))
            if self._agreement(steps).low >= plan.target or not self._pays(more, everything):
                break
            steps = more
        self._add_seeds(steps)
        return self._publish(steps, to)

    def _refuse_small_budget(self) -> None:
        """Raise if the budget does not pay for two trainings of each architecture."""
        plan = self._plan
        one_s = self._ledger.step_s * plan.steps
        need_s = one_s * plan.architectures * SEEDS
        lacking = self._missing(plan.steps, range(plan.architectures), range(SEEDS))
        if lacking and plan.budget_s < need_s:
            most = int(plan.budget_s / one_s / SEEDS)
            raise UsageError(
                f"--cpu-hours {plan.cpu_hours:g} is too small: one training of {plan.steps} steps "
                f"takes {one_s:.1f} CPU seconds, {plan.architectures} × {SEEDS} of them "
                f"{need_s / 3600:.2g} CPU hours; repeat the command with as many hours, or begin "
                f"another forge with fewer --architectures (these hours are enough for {most}) or "
                "--steps"
            )

    def _pays(
        self, steps: int, architectures: Iterable[int], seeds: Iterable[int] = (0, 1)
    ) -> bool:
        """Return whether what is missing of a round fits what is left of the budget."""
        missing = len(self._missing(steps, architectures, seeds))
        ledger = self._ledger
        return ledger.spent_s + missing * steps * ledger.step_s <= self._plan.budget_s

    def _missing(self, steps: int, architectures: Iterable[int], seeds: Iterable[int]) -> list[str]:
        places = list(architectures)
        units = [unit_of(steps, place, replica) for replica in seeds for place in places]
        return [unit for unit in units if unit not in self._ledger]

    def _train(self, steps: int, architectures: Iterable[int], seeds: Iterable[int]) -> None:
        """Do the trainings of a round that are missing."""
        missing = self._missing(steps, architectures, seeds)
        if self._part is not None:
            missing = [unit for unit in missing if _part_of(unit, self._part[1]) == self._part[0]]
        if not missing:
            return
        done = 0

        def advance(training: Training) -> None:
            nonlocal done
            done += 1
            self._ledger.add(training)
            left = len(missing) - done
            self._progress(done, len(missing), left * steps * self._ledger.step_s)

        work = training_work(self._plan, self._draw, self._images, missing, self._path, advance)
        pool = self._pool()
        units = min(JOB_UNITS, math.ceil(len(missing) / (2 * max(1, pool.slots))))
        run_works([work], self._path.with_suffix(""), pool, units)

    def _values(self, steps: int) -> dict[str, tuple[float, ...]]:
        """Return the accuracies of each architecture that has two or more, by seed."""
        return {
            self._draw[place]: tuple(each.accuracy for each in trainings)
            for place, trainings in self._ledger.of_steps(steps).items()
            if len(trainings) >= SEEDS
        }

    def _agreement(self, steps: int) -> Agreement:
        return seed_agreement(list(self._values(steps).values()))

    def _add_seeds(self, steps: int) -> None:
        """Train a third time where two seeds differ much, then all of them while time lasts."""
        everything = range(self._plan.architectures)
        first_two = {name: row[:SEEDS] for name, row in self._values(steps).items()}
        apart = [self._draw.index(name) for name in outliers(first_two)]
        if self._pays(steps, apart, (SEEDS,)):
            self._train(steps, apart, (SEEDS,))
        for replica in range(SEEDS, MOST_SEEDS):
            if not self._pays(steps, everything, (replica,)):
                return
            self._train(steps, everything, (replica,))

    def _publish(self, steps: int, to: Path) -> Forged:
        """Write table and images, unless the seeds agree too little."""
        values, agreement = self._values(steps), self._agreement(steps)
        counts = [len(row) for row in values.values()]
        table = images = None
        if agreement.tau >= LEAST_TAU:
            images = write_images(
                to, self._plan.dataset, self._images.train.pixels, self._images.train.labels,
                self._images.mean, self._images.deviation, self._images.source,
            )  # fmt: skip
            measured = MEASURES[self._images.target][0]
            losses = {
                self._draw[place]: tuple(each.loss for each in trainings)
                for place, trainings in self._ledger.of_steps(steps).items()
            }
            table = write_table(
                to,
                ForgedTable(
                    benchmark=self._plan.benchmark.key,
                    metric=f"validation {measured} after {steps} steps",
                    images=self._images.source,
                    steps=steps,
                    seed_tau=(agreement.tau, agreement.low, agreement.high),
                    accuracies=values,
                    losses=losses,
                ),
            )
        found = (min(counts), max(counts))
        return Forged(agreement, steps, found, self._ledger.spent_s, table, images)


def _part_of(unit: str, parts: int) -> int:
    """Return which part, from 1, a training belongs to."""
    _, place, replica = map(int, unit.split(":"))
    return (place + replica) % parts + 1

"""Trainings as work for ``zcnas.jobs``: here or on a cluster, resumed where they ended.

    ForgePlan, images ──▶ RecordedWork ──▶ train_job on some host ──▶ FORGE/trainings.jsonl

A unit is one training: so many steps, of one architecture, under one of its seeds. Each line of
the file is one, and decisions are made from lines alone, so a run that was killed comes to the
same numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Annotated

import msgspec

from zcnas.forge.images.splits import ForgedImages
from zcnas.forge.plan import ForgePlan
from zcnas.isolation.machine import Interruption
from zcnas.jobs.lines import LinesFile, read_lines
from zcnas.jobs.recorded import Payload, RecordedWork, in_own_process
from zcnas.jobs.work import Report
from zcnas.search_spaces import build_network, parse_spec

TRAININGS = "trainings.jsonl"

Count = Annotated[int, msgspec.Meta(ge=0)]


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: a training and what came of it.

    Attributes:
        steps: Of the optimiser.
        architecture: Its place in the draw.
        replica: Which of its seeds, from 0.
        accuracy: On the validation images, in percent.
        loss: The training loss on them; None if it is not finite.
        cpu_s: CPU seconds it took.
    """

    steps: Count
    architecture: Count
    replica: Count
    accuracy: Annotated[float, msgspec.Meta(ge=0, le=100)]
    loss: float | None
    cpu_s: Annotated[float, msgspec.Meta(ge=0)]

    @property
    def unit(self) -> str:
        """Its key."""
        return unit_of(self.steps, self.architecture, self.replica)


@dataclass(frozen=True)
class Order:
    """What a host needs for one training.

    Attributes:
        spec: The architecture's canonical string.
        seed: Of weights and the order of images.
    """

    spec: str
    seed: int


@dataclass(frozen=True)
class Terms:
    """What all trainings of a round have in common; holds no secret but images and seeds of theirs.

    Attributes:
        benchmark: The benchmark's key.
        images: What the networks see.
        orders: By unit.
    """

    benchmark: str
    images: ForgedImages
    orders: dict[str, Order]


class Ledger:
    """All trainings of a forge's folder, those of other machines' parts included.

    Args:
        folder: The forge's.
    """

    def __init__(self, folder: Path) -> None:
        self._known: dict[str, Training] = {}
        for path in sorted(folder.glob("trainings*.jsonl")):
            for training in _lines_of(path).take_earlier():
                self.add(training)

    def __contains__(self, unit: str) -> bool:
        """Return whether a training is done."""
        return unit in self._known

    def add(self, training: Training) -> None:
        """Take note of a training."""
        self._known.setdefault(training.unit, training)

    @property
    def spent_s(self) -> float:
        """CPU seconds of all trainings."""
        return sum(each.cpu_s for each in self._known.values())

    @property
    def step_s(self) -> float:
        """Mean CPU seconds of one step, all trainings together."""
        return self.spent_s / sum(each.steps for each in self._known.values())

    @property
    def longest(self) -> int:
        """Steps of the longest trainings; 0 if there are none."""
        return max((each.steps for each in self._known.values()), default=0)

    def of_steps(self, steps: int) -> dict[int, list[Training]]:
        """Return the trainings of so many steps: architecture to its own, in the seeds' order."""
        found: dict[int, list[Training]] = defaultdict(list)
        for each in sorted(self._known.values(), key=lambda one: (one.architecture, one.replica)):
            if each.steps == steps:
                found[each.architecture].append(each)
        return dict(found)


def _lines_of(path: Path) -> LinesFile[Training]:
    """Return a file of trainings; a line that a killed process left behind is cut off."""
    return LinesFile(path, lambda training: training.unit, lambda file: read_lines(file, Training))


def unit_of(steps: int, architecture: int, replica: int) -> str:
    """Return the key of a training."""
    return f"{steps}:{architecture}:{replica}"


def training_work(
    plan: ForgePlan,
    draw: Sequence[str],
    images: ForgedImages,
    units: Iterable[str],
    path: Path,
    progress: Callable[[Training], None],
) -> RecordedWork[Training]:
    """Return some trainings as a work.

    Args:
        plan: The forge's.
        draw: Its architectures.
        images: Its images.
        units: The trainings that are missing.
        path: Where their lines go.
        progress: Told of each that is done.
    """
    wanted = tuple(units)
    orders = {}
    for unit in wanted:
        _, place, replica = map(int, unit.split(":"))
        orders[unit] = Order(draw[place], plan.training_seed(draw[place], replica))
    return RecordedWork(
        path,
        Training,
        lambda training: training.unit,
        wanted,
        {"forge": plan.name, "benchmark": plan.benchmark.key},
        Terms(plan.benchmark.key, images, orders),
        progress,
    )


def train_job(payload: Payload, report: Report, interrupted: Interruption) -> None:
    """Train the networks of a job in a new process; report each as it is done.

    Raises:
        OrganiserError: The process ended early.
    """
    in_own_process(_train_all, payload, report, interrupted)


def _train_all(terms: Terms, units: tuple[str, ...], sender: Connection) -> None:
    """Run in the job's process: send a training per unit."""
    import torch

    from zcnas.benchmarks import get_benchmark
    from zcnas.forge.train import recipe_for, to_tensors, train

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    benchmark, data = get_benchmark(terms.benchmark), to_tensors(terms.images)
    for unit in units:
        steps, place, replica = map(int, unit.split(":"))
        order = terms.orders[unit]
        torch.manual_seed(order.seed)
        network = build_network(parse_spec(benchmark.search_space, order.spec), benchmark)
        outcome = train(network, data, recipe_for(data.target, steps), order.seed)
        training = Training(steps, place, replica, outcome.accuracy, outcome.loss, outcome.cpu_s)
        sender.send_bytes(msgspec.json.encode(training))
    sender.close()

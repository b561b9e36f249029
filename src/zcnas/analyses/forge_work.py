"""More trainings of a forge's networks, as work for ``zcnas.jobs``: reduced ones, and watched ones.

    a forge's folder ──▶ Subjects ──▶ ``observe`` ──▶ OUT/<study>_<forge>.jsonl

The truth is the forge's own: the mean accuracy of an architecture's full trainings. A unit is one
architecture under one variant; what is recorded is not done again.
"""

from __future__ import annotations

import dataclasses
import functools
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from zcnas.benchmarks import get_benchmark, key_of
from zcnas.errors import AnalysisError
from zcnas.forge.images import ForgedImages, make_images
from zcnas.forge.images.splits import Split
from zcnas.forge.plan import ForgePlan, read_plan
from zcnas.forge.trainings import Ledger
from zcnas.isolation.machine import Interruption
from zcnas.jobs.lines import read_lines
from zcnas.jobs.pools import LocalPool
from zcnas.jobs.recorded import Payload, RecordedWork, held, in_own_process, run_works
from zcnas.jobs.work import Report
from zcnas.words.seeds import derive_seed

FEWEST = 10
"""Architectures below which nothing is correlated."""
JOB_UNITS = 8
PROXY_BATCH = 64


@dataclass(frozen=True)
class Variant:
    """How a training differs from a full one.

    Attributes:
        steps: Divides the steps.
        channels: Divides the channels.
        resolution: Whether images have two thirds of the side.
        samples: Divides the training images, and the steps with them: as many epochs as before.
        looks: Shares of the steps after which all proxies look at the network.
    """

    steps: int = 1
    channels: int = 1
    resolution: bool = False
    samples: int = 1
    looks: tuple[float, ...] = ()


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one unit gave: named numbers (infinities as text), and its CPU seconds."""

    unit: str
    values: dict[str, float | str]
    cpu_s: float


@dataclass(frozen=True)
class Terms:
    """What a job needs beside its units: what is trained, on what, how, and from which seeds."""

    plan: ForgePlan
    images: ForgedImages
    steps: int
    variants: dict[str, Variant]
    specs: dict[int, str]
    proxies: tuple[str, ...]


@dataclass(frozen=True)
class Subjects:
    """The architectures of a forge whose full trainings are done.

    Attributes:
        plan: The forge's.
        steps: Of a full training.
        places: In the draw, (N,).
        seeds: (N, 2), accuracies of the first two trainings.
        accuracy: (N,), mean of all trainings.
    """

    plan: ForgePlan
    steps: int
    places: tuple[int, ...]
    seeds: NDArray[np.float64]
    accuracy: NDArray[np.float64]


def read_subjects(folder: Path, count: int | None) -> Subjects:
    """Return the first ``count`` architectures of a forge that have two full trainings.

    Raises:
        AnalysisError: There are fewer than ``FEWEST``.
        ResultsError: The folder holds no forge, or one of another version.
    """
    plan, ledger = read_plan(folder), Ledger(folder)
    steps = ledger.longest
    done = {p: rows for p, rows in ledger.of_steps(steps).items() if len(rows) > 1}
    places = tuple(sorted(done))[:count]
    if len(places) < FEWEST:
        raise AnalysisError(
            f"{folder} has {len(places)} architectures with two trainings of {steps} steps that "
            f"may be used; an analysis needs {FEWEST} or more: resume the forge, or raise --count"
        )
    accuracies = [[each.accuracy for each in done[place]] for place in places]
    return Subjects(
        plan, steps, places,
        np.array([each[:2] for each in accuracies]), np.array([np.mean(a) for a in accuracies]),
    )  # fmt: skip


def observe(
    name: str,
    subjects: Subjects,
    variants: dict[str, Variant],
    proxies: Sequence[str],
    folder: Path,
    slots: int = 1,
) -> dict[str, list[Row]]:
    """Do what is missing of a study, and return the rows of each variant in the subjects' order.

    Raises:
        OrganiserError: Some trainings failed; the others are recorded.
        ResultsError: Another run is writing to the folder.
    """
    draw = subjects.plan.draw()
    specs = {place: draw[place] for place in subjects.places}
    terms = Terms(
        subjects.plan, make_images(subjects.plan), subjects.steps, variants, specs, tuple(proxies)
    )
    # an architecture's variants together, so that an interrupted study has whole rows
    units = [f"{variant}:{place}" for place in subjects.places for variant in variants]
    path = folder / f"{name}_{subjects.plan.name}.jsonl"
    labels = {"forge": subjects.plan.name, "study": name}
    work = RecordedWork(path, Row, lambda row: row.unit, units, labels, terms)
    with held(path.with_suffix("")):
        run_works([work], path.with_suffix(""), LocalPool(observe_job, slots), JOB_UNITS)
    rows = {row.unit: row for row in read_lines(path, Row)}
    return {v: [rows[f"{v}:{place}"] for place in subjects.places] for v in variants}


def observe_job(payload: Payload, report: Report, interrupted: Interruption) -> None:
    """Do the units of a job in a new process; report each as it is done.

    Raises:
        OrganiserError: The process ended early.
    """
    in_own_process(_observe_all, payload, report, interrupted)


def _observe_all(terms: Terms, units: tuple[str, ...], sender: Connection) -> None:
    """Run in the job's process: send a row per unit."""
    import torch

    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    for unit in units:
        variant, place = unit.split(":")
        start = time.process_time()
        values = _observe(terms, terms.variants[variant], int(place))
        row = Row(unit, values, round(time.process_time() - start, 3))
        sender.send_bytes(msgspec.json.encode(row))
    sender.close()


def _observe(terms: Terms, variant: Variant, place: int) -> dict[str, float | str]:
    """Return what one training gave: ``accuracy``, and ``<proxy>@<share>`` of each look."""
    import torch
    from torch import nn

    from zcnas.forge.train import recipe_for, to_tensors, train
    from zcnas.proxies import evaluate
    from zcnas.search_spaces import build_network, parse_spec

    plan, named = terms.plan, terms.plan.named
    smaller = dataclasses.replace(named, channels=max(1, named.channels // variant.channels))
    benchmark = get_benchmark(key_of(plan.search_space, str(smaller)))
    seed = derive_seed(plan.seed, "study", terms.specs[place])
    torch.manual_seed(seed)
    network = build_network(parse_spec(plan.search_space, terms.specs[place]), benchmark)
    data = to_tensors(reduced(terms.images, variant))
    steps = max(1, terms.steps // (variant.steps * variant.samples))
    values: dict[str, float | str] = {}
    looks = {round(share * steps): share for share in variant.looks}

    def watch(step: int, network: nn.Module) -> None:
        if step in looks:
            some = data.train[:PROXY_BATCH].contiguous(), data.train_targets[:PROXY_BATCH]
            for proxy, score in evaluate(network, *some, terms.proxies).items():
                values[f"{proxy}@{looks[step]:g}"] = score if math.isfinite(score) else str(score)

    recipe = recipe_for(data.target, steps)
    outcome = train(network, data, recipe, seed, watch if looks else None)
    return {"accuracy": outcome.accuracy, **values}


def reduced(images: ForgedImages, variant: Variant) -> ForgedImages:
    """Return images with fewer samples for training, or fewer pixels, as a variant asks."""
    kept = len(images.train.labels) // variant.samples
    train = Split(images.train.pixels[:kept], images.train.labels[:kept])
    resize = _smaller if variant.resolution else (lambda split: split)
    return dataclasses.replace(images, train=resize(train), validation=resize(images.validation))


def _smaller(split: Split) -> Split:
    """Return images of two thirds of the side, in multiples of 4, averaged over what they cover."""
    import torch
    from torch.nn import functional

    side = max(4, split.pixels.shape[-1] * 2 // 3 // 4 * 4)
    shrink = functools.partial(functional.interpolate, mode="bilinear", antialias=True)
    pixels = shrink(torch.from_numpy(split.pixels).float(), size=(side, side))
    labels = split.labels
    if labels.ndim > 1:  # the class of every pixel: that of the nearest one
        maps = torch.from_numpy(labels)[:, None].float()
        labels = functional.interpolate(maps, size=(side, side))[:, 0].to(torch.int64).numpy()
    return Split(pixels.round().clamp(0, 255).to(torch.uint8).numpy(), labels)

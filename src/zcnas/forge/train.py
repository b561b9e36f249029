"""One training: a network, images, a recipe and a seed in; how well it does out.

Pure: no file, no clock but its own, no global generator. On one thread of one kind of CPU the same
arguments give the same numbers, whatever ran before.

Reference for the schedule: Smith and Topin, "Super-Convergence", 2018, arXiv:1708.07120; momentum
stays as it is here.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import SGD
from torch.optim.lr_scheduler import OneCycleLR

from zcnas.benchmarks import Target
from zcnas.forge.images.splits import ForgedImages, Split
from zcnas.forge.measures import MEASURES
from zcnas.search_spaces.taskonomy import LOSSES

EVALUATION_BATCH = 500
DENSE_RATE = 0.6
"""The largest learning rate of dense tasks, whose loss is a mean over mostly empty pixels.

With a tenth of it networks that segment answer nothing but the ground for hundreds of steps.
"""
NORM_BATCHES = 2
"""Batches of ``EVALUATION_BATCH`` training images, from which BatchNorm's statistics are taken."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes:
        steps: Of the optimiser.
        batch_size: B.
        peak_rate: The largest learning rate of the one cycle.
        momentum: Nesterov's.
        weight_decay: Of all weights.
    """

    steps: int
    batch_size: int = 64
    peak_rate: float = 0.06
    momentum: float = 0.9
    weight_decay: float = 5e-4


def recipe_for(target: Target, steps: int) -> Recipe:
    """Return how networks for a target are trained, for so many steps."""
    return Recipe(steps) if target == "label" else Recipe(steps, peak_rate=DENSE_RATE)


@dataclass(frozen=True)
class Outcome:
    """What came of a training.

    Attributes:
        accuracy: On the validation images, in percent: of those that are classified correctly, or
            what ``measures.py`` has for another target.
        loss: Mean training loss over the validation images; None if it is not finite.
        cpu_s: CPU seconds of it all.
    """

    accuracy: float
    loss: float | None
    cpu_s: float


@dataclass(frozen=True)
class Tensors:
    """Images as a network is given them.

    Attributes:
        train: Normalised inputs (N, C, H, W), channels last.
        train_targets: (N, …): labels, or whatever ``target`` says.
        validation: Inputs (M, C, H, W).
        validation_targets: (M, …).
        target: What a network is to answer.
    """

    train: Tensor
    train_targets: Tensor
    validation: Tensor
    validation_targets: Tensor
    target: Target = "label"


def to_tensors(images: ForgedImages) -> Tensors:
    """Return images normalised by their means and deviations, with what is asked of them."""
    mean, deviation = (
        np.array(each, np.float32).reshape(-1, 1, 1) for each in (images.mean, images.deviation)
    )

    def inputs(split: Split) -> Tensor:
        normalised = (split.pixels.astype(np.float32) / np.float32(255) - mean) / deviation
        return torch.from_numpy(normalised).to(memory_format=torch.channels_last)

    train, validation = inputs(images.train), inputs(images.validation)
    if images.target == "image":
        return Tensors(train, train, validation, validation, "image")
    labels = (torch.from_numpy(split.labels) for split in (images.train, images.validation))
    return Tensors(train, next(labels), validation, next(labels), images.target)


Watch = Callable[[int, nn.Module], None]
"""Shown the network after so many steps; leaves it as it was."""


def train(
    network: nn.Module, data: Tensors, recipe: Recipe, seed: int, watch: Watch | None = None
) -> Outcome:
    """Train a network in place and return how well it does on the validation images.

    Args:
        network: Images (B, C, H, W) to logits (B, K) or a dense answer, freshly initialised.
        data: What it sees.
        recipe: How it is trained.
        seed: Of the order of the images.
        watch: Called before each step, and after the last; what it does costs CPU time here too.
    """
    start = time.process_time()
    layout = _layout_of(network)
    network = network.to(memory_format=layout).train()  # type: ignore[call-overload]
    optimiser = SGD(
        network.parameters(),
        recipe.peak_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=True,
        foreach=True,
    )
    cycle = OneCycleLR(optimiser, recipe.peak_rate, recipe.steps, cycle_momentum=False)
    generator = torch.Generator().manual_seed(seed)
    batches = _batches(len(data.train), recipe.batch_size, generator)
    loss_of = LOSSES[data.target]
    for step, chosen in enumerate(itertools.islice(batches, recipe.steps)):
        if watch:
            watch(step, network)
        optimiser.zero_grad()
        inputs = data.train[chosen].clone(memory_format=layout)  # of one channel too
        loss = loss_of(network(inputs), data.train_targets[chosen])
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        cycle.step()
    if watch:
        watch(recipe.steps, network)
    _measure_norms(network, data.train)
    accuracy, final = _evaluate(network.eval(), data)
    cpu_s = time.process_time() - start
    return Outcome(accuracy, final if math.isfinite(final) else None, round(cpu_s, 3))


def _layout_of(network: nn.Module) -> torch.memory_format:
    """Return the layout in which convolutions are fastest, unless it is unsafe.

    In channels_last PyTorch 2.13 writes out of bounds in the backward of a strided 1×1 convolution
    of fewer than eight channels.
    """
    unsafe = any(
        layer.kernel_size == (1, 1) and layer.stride != (1, 1) and layer.in_channels < 8
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d)
    )
    return torch.contiguous_format if unsafe else torch.channels_last


def _batches(count: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield the places of one batch after another: all images in some order, then again."""
    while True:
        yield from torch.split(torch.randperm(count, generator=generator), batch_size)


def _measure_norms(network: nn.Module, inputs: Tensor) -> None:
    """Replace BatchNorm's running statistics by those of the final weights.

    Running ones lag behind the weights; with the momentum of NAS-Bench-101, for a thousand steps.
    """
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    for layer in norms:
        layer.reset_running_stats()
        layer.momentum = None  # the mean over all batches
    with torch.no_grad():
        for batch in itertools.islice(torch.split(inputs, EVALUATION_BATCH), NORM_BATCHES):
            network(batch)


def _evaluate(network: nn.Module, data: Tensors) -> tuple[float, float]:
    """Return accuracy in percent and mean loss on the validation images."""
    measure, loss = MEASURES[data.target][1](), 0.0
    with torch.no_grad():
        for inputs, targets in zip(
            torch.split(data.validation, EVALUATION_BATCH),
            torch.split(data.validation_targets, EVALUATION_BATCH),
            strict=True,
        ):
            answers = network(inputs)
            measure.add(answers, targets)
            loss += float(LOSSES[data.target](answers, targets, reduction="sum"))
    return measure.percent(), loss / data.validation_targets.numel()

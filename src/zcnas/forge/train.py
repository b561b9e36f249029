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
from torch.nn import functional
from torch.optim import SGD
from torch.optim.lr_scheduler import OneCycleLR

from zcnas.forge.images.splits import ForgedImages, Split

EVALUATION_BATCH = 500
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


@dataclass(frozen=True)
class Outcome:
    """What came of a training.

    Attributes:
        accuracy: Percent of the validation images that are classified correctly.
        loss: Mean cross-entropy over the validation images; None if it is not finite.
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
        train_labels: (N,).
        validation: Inputs (M, C, H, W).
        validation_labels: (M,).
    """

    train: Tensor
    train_labels: Tensor
    validation: Tensor
    validation_labels: Tensor


def to_tensors(images: ForgedImages) -> Tensors:
    """Return images normalised by the training images' means and deviations."""
    mean, deviation = (
        np.array(each, np.float32).reshape(-1, 1, 1) for each in (images.mean, images.deviation)
    )

    def inputs(split: Split) -> Tensor:
        normalised = (split.pixels.astype(np.float32) / np.float32(255) - mean) / deviation
        return torch.from_numpy(normalised).to(memory_format=torch.channels_last)

    return Tensors(
        inputs(images.train),
        torch.from_numpy(images.train.labels),
        inputs(images.validation),
        torch.from_numpy(images.validation.labels),
    )


Watch = Callable[[int, nn.Module], None]
"""Shown the network after so many steps; leaves it as it was."""


def train(
    network: nn.Module, data: Tensors, recipe: Recipe, seed: int, watch: Watch | None = None
) -> Outcome:
    """Train a network in place and return how well it does on the validation images.

    Args:
        network: Images (B, C, H, W) to logits (B, K), freshly initialised.
        data: What it sees.
        recipe: How it is trained.
        seed: Of the order of the images.
        watch: Called before each step, and after the last; what it does costs CPU time here too.
    """
    start = time.process_time()
    network = network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
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
    for step, chosen in enumerate(itertools.islice(batches, recipe.steps)):
        if watch:
            watch(step, network)
        optimiser.zero_grad()
        loss = functional.cross_entropy(network(data.train[chosen]), data.train_labels[chosen])
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        cycle.step()
    if watch:
        watch(recipe.steps, network)
    _measure_norms(network, data.train)
    accuracy, final = _evaluate(network.eval(), data)
    cpu_s = time.process_time() - start
    return Outcome(accuracy, final if math.isfinite(final) else None, round(cpu_s, 3))


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
    """Return accuracy in percent and mean cross-entropy on the validation images."""
    right, loss = 0, 0.0
    with torch.no_grad():
        for inputs, labels in zip(
            torch.split(data.validation, EVALUATION_BATCH),
            torch.split(data.validation_labels, EVALUATION_BATCH),
            strict=True,
        ):
            logits = network(inputs)
            right += int((logits.argmax(dim=1) == labels).sum())
            loss += float(functional.cross_entropy(logits, labels, reduction="sum"))
    return 100 * right / len(data.validation), loss / len(data.validation)

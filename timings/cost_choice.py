"""Chooses the architectures that represent a benchmark in ``bench_costs.py``, without computing.

Networks are built without memory (on PyTorch's meta device) and run once, which shows what autograd
would keep and the number of multiply-accumulates.
"""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from zcnas.benchmarks import BENCHMARKS, Benchmark
from zcnas.search_spaces import SEARCH_SPACES, Spec, build_network, network_builder

SAMPLE = 20
CLIMB = 40
SPACE_STANDS_FOR = {
    "transbench101_micro": "transbench101_micro_class_scene",
    "transbench101_macro": "transbench101_macro_autoencoder",
}
"""Maps a search space without cifar10 to the benchmark whose sizes are used."""
EXTREMES = {
    "nasbench201": "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    "transbench101_micro": "64-41414-3_33_333",
    "transbench101_macro": "64-222113-basic",
}
"""The largest network, where it is known: 3×3 convolutions on every edge, or every doubling of the
channels as early, and the only halving of the side as late, as the space allows."""


@dataclass(frozen=True)
class Size:
    """What a network needs per image, according to its shapes."""

    spec: Spec
    activations_mib: float
    gmacs: float

    @property
    def price(self) -> tuple[float, float]:
        """The sort key: memory, then time."""
        return round(self.activations_mib, 2), self.gmacs


def size_of(spec: Spec, benchmark: Benchmark) -> Size:
    """Return what autograd keeps from one image's forward pass, and its multiply-accumulates."""
    kept: dict[int, torch.UntypedStorage] = {}
    with torch.device("meta"):
        network = build_network(spec, benchmark)
        images = torch.empty(2, *benchmark.dataset.input_shape)
    weights = {parameter.untyped_storage()._cdata for parameter in network.parameters()}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in weights:
            kept[storage._cdata] = storage
        return tensor

    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        FlopCounterMode(display=False) as counter,
    ):
        network(images)
    activations = sum(storage.nbytes() for storage in kept.values()) / len(images) / 2**20
    return Size(spec, activations, counter.get_total_flops() / 2 / len(images) / 1e9)


def pick(search_space: str) -> dict[str, str]:
    """Return the typical, the large and the extreme architecture of a search space.

    Typical is the one in a seeded sample whose multiply-accumulates are closest to the sample's
    mean; large is the sample's largest by what autograd keeps, then by multiply-accumulates;
    extreme is the largest in the space if that is known, otherwise the end of a hill climb over
    one-edit neighbours from the large one.
    """
    rng = random.Random(0)
    benchmark = BENCHMARKS[SPACE_STANDS_FOR.get(search_space, f"{search_space}_cifar10")]
    network_builder(benchmark)
    sample = [
        size_of(SEARCH_SPACES[search_space].spec.sample(rng), benchmark) for _ in range(SAMPLE)
    ]
    mean = statistics.mean(size.gmacs for size in sample)
    typical = min(sample, key=lambda size: abs(size.gmacs - mean))
    large = max(sample, key=lambda size: size.price)
    known = EXTREMES.get(search_space)
    return {
        "typical": str(typical.spec),
        "large": str(large.spec),
        "extreme": known or str(_climb(large, benchmark, rng).spec),
    }


def _climb(start: Size, benchmark: Benchmark, rng: random.Random) -> Size:
    """Return the end of a hill climb over one-edit neighbours."""
    best, neighbours = start, list(start.spec.neighbours())
    rng.shuffle(neighbours)
    for _ in range(CLIMB):
        if not neighbours:
            break
        other = size_of(neighbours.pop(), benchmark)
        if other.price > best.price:
            best, neighbours = other, list(other.spec.neighbours())
            rng.shuffle(neighbours)
    return best


def representative(benchmark: Benchmark) -> Benchmark:
    """Return the first benchmark whose networks have the same layers before the classifier."""
    return next(other for other in BENCHMARKS.values() if _trunk(other) == _trunk(benchmark))


def _trunk(benchmark: Benchmark) -> tuple[str, str, tuple[int, ...]]:
    target = benchmark.dataset.target
    decoder = {"normal": "image", "soft_label": "pooled", "layout": "pooled"}.get(target, target)
    return benchmark.search_space, decoder, benchmark.dataset.input_shape

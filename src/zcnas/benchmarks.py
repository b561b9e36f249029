"""The benchmarks of the competition: which search space is judged on which dataset.

A benchmark is a pair (search space, dataset). This module is the only table of them; it knows
shapes and class counts, but no accuracies, images or networks. Dimension letters of the package:
B batch, C channels, H W image, K classes, V cell nodes, N architectures.

Reference: Krishnakumar et al., "NAS-Bench-Suite-Zero", NeurIPS 2022, arXiv:2210.03230 (the
28 benchmarks); Duan et al., "TransNAS-Bench-101", CVPR 2021, arXiv:2105.11871 (the seven tasks).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zcnas.errors import PhaseError

Target = Literal["label", "soft_label", "image", "normal", "segmentation", "layout", "permutation"]


@dataclass(frozen=True)
class Dataset:
    """A dataset as a network sees it.

    Attributes:
        name: The publication's spelling, e.g. ``ImageNet16-120``.
        input_shape: One input as (C, H, W); for a jigsaw nine tiles, (9, C, H, W).
        num_classes: K, the size of the network's answer: labels, permutations, layout values or
            image channels.
        target: What a training target is:

            * ``label``: the index of a class, int64 in 0..K-1;
            * ``permutation``: the index of the order in which the tiles are arranged, int64 in
              0..K-1;
            * ``soft_label``: a probability per class, float32, non-negative, sum 1;
            * ``image``: the input itself, float32 in [-1, 1];
            * ``normal``: the surface normal of every pixel as RGB, float32 in [-1, 1];
            * ``segmentation``: the class of every pixel, int64 in 0..K-1;
            * ``layout``: the coordinates of a room's planes, float32.
    """

    name: str
    input_shape: tuple[int, ...]
    num_classes: int
    target: Target = "label"

    @property
    def target_shape(self) -> tuple[int, ...]:
        """The shape of one target without the batch axis: (), (K,), (K, H, W) or (H, W)."""
        if self.target in ("label", "permutation"):
            return ()
        if self.target in ("soft_label", "layout"):
            return (self.num_classes,)
        height, width = self.input_shape[-2:]
        return (height, width) if self.target == "segmentation" else (3, height, width)


@dataclass(frozen=True)
class Benchmark:
    """A search space judged on a dataset.

    Attributes:
        search_space: Folder name under ``zcnas/search_spaces``.
        dataset: What the networks take in and put out.
    """

    search_space: str
    dataset: Dataset

    @property
    def key(self) -> str:
        """The benchmark's name in files and on leaderboards: lower case, at most 36 characters."""
        return f"{self.search_space}_{self.dataset.name}".lower().replace("-", "_")


_TASKONOMY = (3, 256, 256)

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        Dataset("cifar10", (3, 32, 32), 10),
        Dataset("cifar100", (3, 32, 32), 100),
        Dataset("ImageNet16-120", (3, 16, 16), 120),
        Dataset("svhn", (3, 32, 32), 10),
        Dataset("ninapro", (1, 16, 52), 18),
        Dataset("scifar100", (3, 60, 60), 100),
        Dataset("class_scene", _TASKONOMY, 63, "soft_label"),
        Dataset("class_object", _TASKONOMY, 100, "soft_label"),
        Dataset("autoencoder", _TASKONOMY, 3, "image"),
        Dataset("normal", _TASKONOMY, 3, "normal"),
        Dataset("jigsaw", (9, 3, 64, 64), 1000, "permutation"),
        Dataset("room_layout", _TASKONOMY, 9, "layout"),
        Dataset("segmentsemantic", _TASKONOMY, 17, "segmentation"),
    )
}

_TASKS = tuple(name for name, dataset in DATASETS.items() if dataset.target != "label")

_DATASETS_OF_SPACE: dict[str, tuple[str, ...]] = {
    "nasbench101": ("cifar10",),
    "nasbench201": ("cifar10", "cifar100", "ImageNet16-120", "svhn", "ninapro", "scifar100"),
    "nasbench301": ("cifar10", "svhn", "ninapro", "scifar100"),
    "transbench101_micro": (*_TASKS, "svhn", "ninapro", "scifar100"),
    "transbench101_macro": _TASKS,
}

BENCHMARKS: dict[str, Benchmark] = {
    benchmark.key: benchmark
    for space, names in _DATASETS_OF_SPACE.items()
    for benchmark in (Benchmark(space, DATASETS[name]) for name in names)
}


def get_benchmark(key: str) -> Benchmark:
    """Return the benchmark called ``key``.

    Raises:
        PhaseError: No benchmark has that key.
    """
    try:
        return BENCHMARKS[key]
    except KeyError:
        raise PhaseError(
            f"unknown benchmark '{key}'; known benchmarks: {', '.join(BENCHMARKS)}"
        ) from None

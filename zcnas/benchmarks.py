"""The benchmarks of the competition: which search space is judged on which dataset.

A benchmark is a pair (search space, dataset). This module is the one table of them; it knows shapes and class
counts, but neither accuracies nor images nor networks. Dimension letters of the package: B batch, C channels,
H W image, K classes, V cell nodes, N architectures.
"""

from __future__ import annotations

from dataclasses import dataclass

from zcnas.errors import PhaseError


@dataclass(frozen=True)
class Dataset:
    """A dataset as a network sees it.

    Attributes:
        name: The publication's spelling, e.g. ``ImageNet16-120``.
        input_shape: One input as (C, H, W).
        num_classes: K, the number of labels.
    """

    name: str
    input_shape: tuple[int, int, int]
    num_classes: int


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


DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        Dataset("cifar10", (3, 32, 32), 10),
        Dataset("cifar100", (3, 32, 32), 100),
        Dataset("ImageNet16-120", (3, 16, 16), 120),
    )
}

_DATASETS_OF_SPACE: dict[str, tuple[str, ...]] = {
    "nasbench201": ("cifar10", "cifar100", "ImageNet16-120"),
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

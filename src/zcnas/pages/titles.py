"""Names that people read: a benchmark as on a poster, not as in a file."""

from __future__ import annotations

from zcnas.benchmarks import SHORT_SPACES, Benchmark

SPACES = {
    "nasbench101": "NAS-Bench-101",
    "nasbench201": "NAS-Bench-201",
    "nasbench301": "NAS-Bench-301",
    "transbench101_micro": "TransNAS-Bench-101 micro",
    "transbench101_macro": "TransNAS-Bench-101 macro",
}
DATASETS = {
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "svhn": "SVHN",
    "ninapro": "NinaPro",
    "scifar100": "Spherical CIFAR-100",
    "class_scene": "class scene",
    "class_object": "class object",
    "room_layout": "room layout",
    "segmentsemantic": "semantic segmentation",
}
"""Names of a plugin, and those left out here, stand for themselves."""


def benchmark_title(benchmark: Benchmark) -> str:
    """Return a benchmark's name as a heading, such as ``NB201 · ImageNet16-120``."""
    space = SHORT_SPACES.get(benchmark.search_space, benchmark.search_space)
    return f"{space} · {dataset_title(benchmark.dataset.name)}"


def dataset_title(name: str) -> str:
    """Return the name of a dataset or task in words."""
    return DATASETS.get(name, name)


def space_title(key: str) -> str:
    """Return the published name of a search space."""
    return SPACES.get(key, key)


def benchmark_href(key: str) -> str:
    """Return the name of a benchmark's page."""
    return f"benchmark-{key}.html"

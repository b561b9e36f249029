"""The benchmarks of the competition: which search space is judged on which dataset.

A benchmark is a pair (search space, dataset). This module has the only table of built-in ones, and
plugins add theirs. It defines search spaces, architectures' specs and datasets, and knows shapes
and class counts, but no accuracies, images or networks. Dimension letters of the package: B batch,
C channels, H W image, K classes, V cell nodes, N architectures.

Reference: Krishnakumar et al., "NAS-Bench-Suite-Zero", NeurIPS 2022, arXiv:2210.03230 (the
28 benchmarks); Duan et al., "TransNAS-Bench-101", CVPR 2021, arXiv:2105.11871 (the seven tasks).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

from zcnas import plugins
from zcnas.errors import InvalidArchitecture, PhaseError, PluginError
from zcnas.words.forged_names import ForgedName, Task, parse_forged_name

MAX_KEY_LENGTH = 36
"""Characters of a benchmark's key, a limit of Codabench."""

Target = Literal["label", "soft_label", "image", "normal", "segmentation", "layout", "permutation"]


@dataclass(frozen=True)
class NetworkSize:
    """How small the networks of a forged dataset are, whose publications' are larger.

    Attributes:
        channels: Of the first stage; the second has twice as many, the third four times.
        cells: Of each of the three stages.
    """

    channels: int
    cells: int


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
        size: Of the networks that are trained on it; None for their publication's.
    """

    name: str
    input_shape: tuple[int, ...]
    num_classes: int
    target: Target = "label"
    size: NetworkSize | None = None

    @property
    def target_shape(self) -> tuple[int, ...]:
        """The shape of one target without the batch axis: (), (K,), (K, H, W) or (H, W)."""
        if self.target in ("label", "permutation"):
            return ()
        if self.target in ("soft_label", "layout"):
            return (self.num_classes,)
        height, width = self.input_shape[-2:]
        return (height, width) if self.target == "segmentation" else (3, height, width)


class Spec(Protocol):
    """An architecture as a value: hashable, comparable, and equal to ``parse(str(spec))``."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the canonical string; raise ``InvalidArchitecture`` if it is not of this space."""
        ...

    def __str__(self) -> str:
        """Return the canonical string."""
        ...

    @classmethod
    def enumerate(cls) -> Iterator[Self]:
        """Yield every architecture of the space once, in a fixed order."""
        ...

    @classmethod
    def sample(cls, rng: random.Random) -> Self:
        """Return an architecture drawn uniformly from the space."""
        ...

    def neighbours(self) -> Iterator[Self]:
        """Yield every architecture that is one edit away."""
        ...


@dataclass(frozen=True)
class SearchSpace:
    """Everything the harness knows about a search space.

    Attributes:
        key: Its name in benchmark keys, files and ``phases.toml``.
        spec: The type of an architecture as a value; its module does not import torch.
        network: The function from (spec, dataset) to a network, as ``package.module:function``;
            imported on first use, because it needs torch.
        datasets: Names of the datasets it is evaluated on.
        naslib: Reads an architecture in NASLib's notation, which the keys of NAS-Bench-Suite-Zero's
            tables use; None if there is no such table.
        naslib_tasks: The same for the Taskonomy tasks, if their notation differs.
        ss_type: What ``set_ss_type`` of a 2022 entry receives; the key if empty.
        pattern: A regular expression that finds canonical strings in source code, so that an audit
            can spot hard-coded architectures; None if they are not distinctive.
    """

    key: str
    spec: type[Spec]
    network: str
    datasets: tuple[str, ...]
    naslib: Callable[[Any], Spec] | None = None
    naslib_tasks: Callable[[Any], Spec] | None = None
    ss_type: str = ""
    pattern: str | None = None

    @property
    def name_2022(self) -> str:
        """What ``set_ss_type`` of a 2022 entry receives."""
        return self.ss_type or self.key

    def read_naslib(self, literal: Any, dataset: Dataset) -> Spec:
        """Return the architecture that a key of NAS-Bench-Suite-Zero's table denotes.

        Raises:
            InvalidArchitecture: It is not an architecture of this space.
        """
        is_task = dataset.target != "label"
        read = self.naslib_tasks if is_task and self.naslib_tasks else self.naslib
        if read is None:
            raise InvalidArchitecture(f"NASLib has no notation for architectures of {self.key}")
        return read(literal)

    def network_builder(self) -> Callable[[Any, Dataset], Any]:
        """Return the function that builds networks; imports torch."""
        build: Callable[[Any, Dataset], Any] = plugins.load_object(self.network)
        return build


@dataclass(frozen=True)
class PublishedDataset:
    """A dataset from a plugin, the object behind an entry point in ``zcnas.datasets``.

    Attributes:
        dataset: Its name, shapes and classes.
        reader: The function from the data folder to the images (``Drawable``), or to None if the
            folder has none of them, as ``package.module:function``.
        search_spaces: Our search spaces to evaluate on it; a plugin's own search space lists its
            datasets itself.
    """

    dataset: Dataset
    reader: str
    search_spaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class Benchmark:
    """A search space judged on a dataset.

    Attributes:
        search_space: Key of the search space.
        dataset: What the networks take in and put out.
    """

    search_space: str
    dataset: Dataset

    @property
    def key(self) -> str:
        """The benchmark's name in files and on leaderboards: lower case, at most 36 characters."""
        return key_of(self.search_space, self.dataset.name)


def key_of(search_space: str, dataset: str) -> str:
    """Return the key of the benchmark of a search space and a dataset, both by name."""
    return f"{search_space}_{dataset}".lower().replace("-", "_")


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

DATASETS_OF_SPACE: dict[str, tuple[str, ...]] = {
    "nasbench101": ("cifar10",),
    "nasbench201": ("cifar10", "cifar100", "ImageNet16-120", "svhn", "ninapro", "scifar100"),
    "nasbench301": ("cifar10", "svhn", "ninapro", "scifar100"),
    "transbench101_micro": (*_TASKS, "svhn", "ninapro", "scifar100"),
    "transbench101_macro": _TASKS,
}

FAR_BELOW_CHANCE = 0.25
"""Of the accuracy of guessing; the published tables' worst architectures reach 0.32 of it."""

SHORT_SPACES = {
    "nasbench101": "NB101",
    "nasbench201": "NB201",
    "nasbench301": "NB301",
    "transbench101_micro": "TNB micro",
    "transbench101_macro": "TNB macro",
}
"""What a search space is called where many stand side by side; a plugin's stands for itself."""

BENCHMARKS: dict[str, Benchmark] = {
    benchmark.key: benchmark
    for space, names in DATASETS_OF_SPACE.items()
    for benchmark in (Benchmark(space, DATASETS[name]) for name in names)
}


def get_benchmark(key: str) -> Benchmark:
    """Return the benchmark called ``key``, whether built in, forged or from a plugin.

    Raises:
        PhaseError: No benchmark has that key.
        PluginError: The plugin that provides it is broken, or its name is taken.
    """
    for space in sorted(_spaces_that_start(key), key=len, reverse=True):
        for dataset in _datasets_of(space):
            if key_of(space, dataset) == key:
                return BENCHMARKS.get(key) or Benchmark(space, get_dataset(dataset))
        if forged := parse_forged_name(key.removeprefix(f"{space}_")):
            made = forged_dataset(forged)
            if made.target in forgeable_targets(space):
                return Benchmark(space, made)
    others = [plugin.name for plugin in plugins.installed("search_spaces")]
    raise PhaseError(
        f"unknown benchmark '{key}'; known benchmarks: {', '.join(BENCHMARKS)}"
        + "".join(f", {name}_…" for name in others)
    )


def forgeable_targets(space: str) -> set[Target]:
    """Return which targets networks of a search space can be forged for.

    Every space has classifiers; dense tasks need decoders, which those have that are evaluated on
    a dense dataset.
    """
    evaluated = {get_dataset(name).target for name in _datasets_of(space)}
    kinds: tuple[Target, ...] = ("label", "image", "segmentation")
    return {target for target in kinds if target == "label" or target in evaluated}


def forged_dataset(forged: ForgedName) -> Dataset:
    """Return the dataset that a forged one's name means."""
    shape = (forged.planes, forged.side, forged.side)
    size = NetworkSize(forged.channels, forged.cells)
    outputs: dict[Task, tuple[int, Target]] = {
        "classify": (forged.classes, "label"),
        "reconstruct": (forged.planes, "image"),
        "segment": (forged.classes + 1, "segmentation"),  # the ground is class 0
    }
    return Dataset(str(forged), shape, *outputs[forged.task], size=size)


def is_percentage(key: str, value: float) -> bool:
    """Return whether a benchmark's accuracy is one in percent: a fraction lies far below guessing.

    With a hundred classes or more guessing itself is at most one percent, and cannot tell.
    """
    known = BENCHMARKS.get(key)
    classes = known.dataset.num_classes if known and known.dataset.target == "label" else None
    least = min(1.0, FAR_BELOW_CHANCE * 100 / classes) if classes else 0.0
    return value == 0 or least <= value <= 100


def get_dataset(name: str) -> Dataset:
    """Return the dataset called ``name``, whether built in, forged or from a plugin.

    Raises:
        PhaseError: No dataset has that name.
        PluginError: The plugin that provides it is broken, or its name is taken.
    """
    if forged := parse_forged_name(name):
        return forged_dataset(forged)
    unknown = (PhaseError, "dataset", "datasets")
    return plugins.find(
        "datasets", name, DATASETS, lambda plugin: published_dataset(plugin).dataset, unknown
    )


def published_dataset(plugin: plugins.Plugin) -> PublishedDataset:
    """Return the record behind an entry point in ``zcnas.datasets``.

    Raises:
        PluginError: It cannot be loaded, or its name differs from the entry point's.
    """
    found: PublishedDataset = plugin.load(PublishedDataset)
    _check_name(plugin, found.dataset.name, r"[A-Za-z][A-Za-z0-9_-]*")
    return found


def plugin_space(plugin: plugins.Plugin) -> SearchSpace:
    """Return the record behind an entry point in ``zcnas.search_spaces``.

    Raises:
        PluginError: It cannot be loaded, its name differs from the entry point's, or the keys of
            its benchmarks are longer than the platforms allow.
    """
    found: SearchSpace = plugin.load(SearchSpace)
    _check_name(plugin, found.key, r"[a-z][a-z0-9_]*")
    for dataset in found.datasets:
        if len(key := key_of(found.key, dataset)) > MAX_KEY_LENGTH:
            raise PluginError(
                f"the plugin {plugin} defines the benchmark '{key}' of {len(key)} characters; at "
                f"most {MAX_KEY_LENGTH} are allowed: give the search space a shorter key"
            )
    return found


def _check_name(plugin: plugins.Plugin, name: str, form: str) -> None:
    if name != plugin.name or not re.fullmatch(form, name):
        raise PluginError(
            f"the record of the plugin {plugin} has the name '{name}'; it must equal the entry "
            f"point's name and match {form}"
        )


def _spaces_that_start(key: str) -> Iterator[str]:
    """Yield the search spaces whose name is a prefix of ``key``, the only ones worth loading."""
    for name in {*DATASETS_OF_SPACE, *(p.name for p in plugins.installed("search_spaces"))}:
        if key.startswith(f"{name}_"):
            yield name


def _datasets_of(space: str) -> Iterator[str]:
    plugin = plugins.find_plugin("search_spaces", space, DATASETS_OF_SPACE)
    if plugin is not None:
        yield from plugin_space(plugin).datasets
        return
    yield from DATASETS_OF_SPACE[space]
    for other in plugins.installed("datasets"):
        if space in published_dataset(other).search_spaces:
            yield other.name

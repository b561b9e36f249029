"""The minibatches of a benchmark's dataset, from its published files or else the fallback.

Every architecture of a benchmark sees the same ones, the first of them above all. A minibatch names
its source, so that the manifest and the leaderboard can show it. This package does not import
torch: the recorder makes the minibatches, the worker receives them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from zcnas import plugins
from zcnas.benchmarks import Benchmark, published_dataset
from zcnas.datasets.cifar import read_cifar10, read_cifar100
from zcnas.datasets.forged import read_forged
from zcnas.datasets.imagenet16 import read_imagenet16
from zcnas.datasets.minibatch import Drawable, Minibatch, draw_further
from zcnas.datasets.ninapro import read_ninapro
from zcnas.datasets.spherical import read_spherical
from zcnas.datasets.svhn import read_svhn
from zcnas.datasets.synthetic import SyntheticImages
from zcnas.datasets.taskonomy import DOMAINS, read_taskonomy
from zcnas.errors import InputDataError
from zcnas.words.forged_names import parse_forged_name
from zcnas.words.seeds import derive_seed

__all__ = ["READERS", "Minibatch", "load_minibatch"]

Reader = Callable[[Path], Drawable | None]

READERS: dict[str, Reader] = {
    "cifar10": read_cifar10,
    "cifar100": read_cifar100,
    "ImageNet16-120": read_imagenet16,
    "svhn": read_svhn,
    "ninapro": read_ninapro,
    "scifar100": read_spherical,
    **{task: partial(read_taskonomy, task) for task in DOMAINS},
}
"""Maps a dataset's name to the reader of its published files.

A reader returns None if the folder has none of the files.
"""


def load_minibatch(
    benchmark: Benchmark, batch_size: int, eval_seed: int, data_dir: Path | None
) -> Minibatch:
    """Return a benchmark's first minibatch and those after it.

    The bytes are the same for the same arguments and files.

    Args:
        benchmark: The benchmark, whose dataset is used.
        batch_size: B.
        eval_seed: Selects which training images are drawn or synthesised.
        data_dir: A folder that may contain the datasets' published files; None if there is none.

    Raises:
        InputDataError: The files exist but are damaged or have fewer than B images.
    """
    rng, later = (
        np.random.default_rng(derive_seed(eval_seed, benchmark.key, purpose))
        for purpose in ("minibatch", "further minibatches")
    )
    images = reader_of(benchmark.dataset.name)(data_dir) if data_dir is not None else None
    if images is None:
        made = SyntheticImages(benchmark.dataset)
        make_further = functools.cache(lambda: draw_further(made, batch_size, later))
        return replace(made.draw(batch_size, rng), further=make_further)
    first, further = images.draw(batch_size, rng), draw_further(images, batch_size, later)
    return replace(first, further=lambda: further)


def reader_of(name: str) -> Reader:
    """Return the reader of a dataset's files, whether built in, forged or from a plugin.

    Raises:
        InputDataError: The dataset has no reader.
        PluginError: The plugin that reads it is broken, or its name is taken.
    """
    if parse_forged_name(name):
        return partial(read_forged, name)
    unknown = (InputDataError, "dataset", "datasets")
    return plugins.find("datasets", name, READERS, _load_reader, unknown)


def _load_reader(plugin: plugins.Plugin) -> Reader:
    reader: Reader = plugins.load_object(published_dataset(plugin).reader)
    return reader

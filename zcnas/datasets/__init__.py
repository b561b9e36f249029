"""One minibatch of a benchmark's dataset.

From its published files where they are, otherwise the stated fallback.

Every architecture of a benchmark sees the same minibatch. Which source it came from is part of the
minibatch, so that the manifest and the leaderboard can say so. No torch here: the recorder makes
the minibatch, the worker receives it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from zcnas.benchmarks import Benchmark
from zcnas.datasets.cifar import read_cifar10, read_cifar100
from zcnas.datasets.minibatch import Images, Minibatch
from zcnas.datasets.synthetic import synthetic_minibatch
from zcnas.seeds import derive_seed

__all__ = ["Minibatch", "load_minibatch"]

READERS: dict[str, Callable[[Path], Images | None]] = {
    "cifar10": read_cifar10,
    "cifar100": read_cifar100,
}
"""Dataset name to a reader of its published files.

A reader returns None where the folder has none of them.
"""


def load_minibatch(
    benchmark: Benchmark, batch_size: int, eval_seed: int, data_dir: Path | None
) -> Minibatch:
    """Return the minibatch of a benchmark: the same bytes for the same arguments and files.

    Args:
        benchmark: Whose dataset is wanted.
        batch_size: B.
        eval_seed: Which of the training images are taken, or which are synthesised.
        data_dir: A folder that may hold the datasets' published files; None for none.

    Raises:
        InputDataError: The files are there but damaged, or hold fewer than B images.
    """
    rng = np.random.default_rng(derive_seed(eval_seed, benchmark.key, "minibatch"))
    reader = READERS.get(benchmark.dataset.name)
    images = reader(data_dir) if reader is not None and data_dir is not None else None
    if images is None:
        return synthetic_minibatch(benchmark.dataset, batch_size, rng)
    return images.draw(batch_size, rng)

"""A minibatch that travels with a benchmark's input data, where the dataset's files do not.

A bundle's input data holds ``<benchmark>.minibatch.npz`` for every benchmark whose minibatch came
from published files, so that a run on a platform sees the same images as the organiser's own.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from zcnas.benchmarks import get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.datasets.minibatch import Minibatch
from zcnas.errors import InputDataError
from zcnas.records import BenchmarkInput

SUFFIX = ".minibatch.npz"


def freeze_minibatch(minibatch: Minibatch) -> bytes:
    """Return a minibatch as the content of an ``.npz`` file; the same minibatch, the same bytes."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        inputs=minibatch.inputs,
        targets=minibatch.targets,
        source=np.array(minibatch.source),
    )
    return buffer.getvalue()


def load_hosted_minibatch(input_data: Path, data: BenchmarkInput) -> Minibatch:
    """Return the minibatch that lies beside a benchmark's input, or the synthetic one.

    Raises:
        InputDataError: The file is damaged, or of another batch size than the benchmark.
    """
    path = input_data / f"{data.benchmark}{SUFFIX}"
    if not path.is_file():
        return load_minibatch(
            get_benchmark(data.benchmark), data.batch_size, data.eval_seed, data_dir=None
        )
    try:
        with np.load(path, allow_pickle=False) as stored:
            minibatch = Minibatch(stored["inputs"], stored["targets"], str(stored["source"]))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputDataError(f"{path} is no minibatch ({error}); make the bundle again") from None
    if len(minibatch.inputs) != data.batch_size:
        raise InputDataError(
            f"{path} holds {len(minibatch.inputs)} images, the benchmark asks for "
            f"{data.batch_size}; make the bundle again"
        )
    return minibatch

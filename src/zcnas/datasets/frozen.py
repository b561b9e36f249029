"""Minibatches that travel to where the dataset's files are missing.

A bundle's input data contains ``<benchmark>.minibatch.npz`` for every benchmark whose minibatch
came from published files, and a job on another machine carries the same bytes, so that every run
sees the same images as the organiser's run.
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
    """Return a minibatch as the content of an ``.npz`` file; equal minibatches give equal bytes."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        inputs=minibatch.inputs,
        targets=minibatch.targets,
        source=np.array(minibatch.source),
        synthetic=np.array(minibatch.synthetic),
    )
    return buffer.getvalue()


def thaw_minibatch(content: bytes) -> Minibatch:
    """Return the minibatch in bytes from ``freeze_minibatch``; nothing is unpickled.

    Raises:
        InputDataError: The bytes are not a minibatch.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            synthetic = "synthetic" in stored and bool(stored["synthetic"])
            source = str(stored["source"])
            return Minibatch(stored["inputs"], stored["targets"], source, synthetic)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputDataError(f"this is not a minibatch ({error})") from None


def load_hosted_minibatch(input_data: Path, data: BenchmarkInput) -> Minibatch:
    """Return the minibatch stored beside a benchmark's input, or else the synthetic one.

    Raises:
        InputDataError: The file is damaged, or its batch size is not the benchmark's.
    """
    path = input_data / f"{data.benchmark}{SUFFIX}"
    if not path.is_file():
        return load_minibatch(
            get_benchmark(data.benchmark), data.batch_size, data.eval_seed, data_dir=None
        )
    try:
        minibatch = thaw_minibatch(path.read_bytes())
    except (OSError, InputDataError) as error:
        raise InputDataError(f"{path} cannot be read: {error}; build the bundle again") from None
    if len(minibatch.inputs) != data.batch_size:
        raise InputDataError(
            f"{path} contains {len(minibatch.inputs)} images, but the benchmark needs "
            f"{data.batch_size}; build the bundle again"
        )
    return minibatch

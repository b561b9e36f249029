"""Minibatches that travel to where the dataset's files are missing.

A bundle's input data contains ``<benchmark>.minibatch.npz`` for every benchmark whose minibatch
came from published files, and a job on another machine carries the same bytes, so that every run
sees the same images as the organiser's run.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zcnas.benchmarks import get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.datasets.minibatch import Minibatch
from zcnas.errors import InputDataError
from zcnas.words.packed import NO_IMAGES, PackedImages
from zcnas.words.records import BenchmarkInput

SUFFIX = ".minibatch.npz"
_FURTHER = tuple(
    f"further_{name}"
    for whose in ("inputs", "targets")
    for name in (whose, f"{whose}_scale", f"{whose}_offset")
)
"""Names of what ``PackedImages.arrays`` returns, in its order."""


def freeze_minibatch(minibatch: Minibatch) -> bytes:
    """Return a minibatch as the content of an ``.npz`` file; equal minibatches give equal bytes."""
    packed = map(_differences, minibatch.further().arrays())
    further: dict[str, Any] = dict(zip(_FURTHER, packed, strict=True))
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        inputs=minibatch.inputs,
        targets=minibatch.targets,
        source=np.array(minibatch.source),
        synthetic=np.array(minibatch.synthetic),
        **further,
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
            further = NO_IMAGES
            if all(name in stored for name in _FURTHER):
                arrays = (_sums(stored[name]) for name in _FURTHER)
                further = PackedImages.from_arrays(tuple(arrays))
            return Minibatch(
                stored["inputs"], stored["targets"], source, synthetic, lambda: further
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputDataError(f"this is not a minibatch ({error})") from None


def _differences(array: NDArray[Any]) -> NDArray[Any]:
    """Return bytes of pictures (…, H, W) as steps from each pixel to the next, modulo 256.

    Steps are mostly small and compress to less. Other arrays stay as they are.
    """
    if array.dtype != np.uint8 or array.ndim < 3:
        return array
    return np.diff(array, axis=-1, prepend=np.zeros((*array.shape[:-1], 1), np.uint8))


def _sums(array: NDArray[Any]) -> NDArray[Any]:
    """Return what ``_differences`` was given."""
    if array.dtype != np.uint8 or array.ndim < 3:
        return array
    return np.cumsum(array, axis=-1, dtype=np.uint8)


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

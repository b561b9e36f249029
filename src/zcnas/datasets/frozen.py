"""Minibatches that travel to where the dataset's files are missing.

A bundle's input data contains ``<benchmark>.minibatch.npz`` for every benchmark whose minibatch
came from published files, and a job on another machine carries the same bytes, so that every run
sees the same images as the organiser's run. A forged benchmark's draw holds it from the beginning:
nobody but the forge has the images.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
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
        **_as_levels("inputs", minibatch.inputs),
        **_as_levels("targets", minibatch.targets),
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
            inputs, targets = _from_file("inputs", stored), _from_file("targets", stored)
            return Minibatch(inputs, targets, source, synthetic, lambda: further)
    except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise InputDataError(f"this is not a minibatch ({error})") from None


def _as_levels(name: str, array: NDArray[Any]) -> dict[str, Any]:
    """Return what stands in a file for an array: pictures as levels, all else as it is."""
    if array.ndim != 4 or array.dtype != np.float32 or (found := _levels_of(array)) is None:
        return {name: array}
    return {f"{name}_levels": _differences(found[0]), f"{name}_values": found[1]}


def _levels_of(inputs: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Return images as levels of brightness and what each level is; None if they have too many.

    Pictures have 256 levels a channel, whatever normalisation has made of them, and bytes take a
    tenth of the space of compressed floats. Nothing is lost: every bit is compared.

    Args:
        inputs: (B, C, H, W) float32.

    Returns:
        (B, C, H, W) uint8, and (C, 256) float32.
    """
    levels = np.empty(inputs.shape, np.uint8)
    values = np.zeros((inputs.shape[1], 256), np.float32)
    for channel in range(inputs.shape[1]):
        known, index = np.unique(inputs[:, channel], return_inverse=True)
        if len(known) > values.shape[1]:
            return None
        levels[:, channel] = index.reshape(levels[:, channel].shape)
        values[channel, : len(known)] = known
    same = _from_levels(levels, values).tobytes() == inputs.tobytes()
    return (levels, values) if same else None


def _from_levels(levels: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """Return what ``_levels_of`` was given."""
    return np.stack([each[levels[:, channel]] for channel, each in enumerate(values)], axis=1)


def _from_file(name: str, stored: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    """Return an array of a file, in either form."""
    if f"{name}_levels" not in stored:
        return stored[name]
    return _from_levels(_sums(stored[f"{name}_levels"]), stored[f"{name}_values"])


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


def load_minibatch_beside(
    input_data: Path, data: BenchmarkInput, data_dir: Path | None = None
) -> Minibatch:
    """Return the minibatch stored beside a benchmark's input, or else the one made of its dataset.

    Args:
        input_data: The folder of the input; a bundle's and that of a forged benchmark hold it.
        data: The benchmark's input.
        data_dir: A folder that may contain the datasets' files; None if there is none.

    Raises:
        InputDataError: The file is damaged, or its batch size is not the benchmark's.
    """
    path = input_data / f"{data.benchmark}{SUFFIX}"
    if not path.is_file():
        return load_minibatch(
            get_benchmark(data.benchmark), data.batch_size, data.eval_seed, data_dir
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

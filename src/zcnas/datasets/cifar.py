"""CIFAR-10 and CIFAR-100 in their published Python format.

A file is a pickled dictionary: ``data`` is (N, 3072) uint8, the red, green and blue planes of each
32×32 image in turn, row by row; ``labels`` (CIFAR-10) or ``fine_labels`` (CIFAR-100) is a list of N
numbers.

Reference: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009, and the format
description at https://www.cs.toronto.edu/~kriz/cifar.html. Mean and deviation are those of the
50,000 training images.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zcnas.datasets.minibatch import Images
from zcnas.datasets.published import check_images, entry, read_published, unpickle_arrays
from zcnas.errors import InputDataError

CIFAR10_FILES = tuple(f"cifar-10-batches-py/data_batch_{number}" for number in range(1, 6))
CIFAR10_MEAN, CIFAR10_DEVIATION = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
CIFAR100_FILES = ("cifar-100-python/train",)
CIFAR100_MEAN, CIFAR100_DEVIATION = (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)


def read_cifar10(data_dir: Path) -> Images | None:
    """Return CIFAR-10's training images, or None if the folder has no ``cifar-10-batches-py``.

    Raises:
        InputDataError: Some of the five files are missing, or one is damaged.
    """
    return _read(data_dir, CIFAR10_FILES, "labels", 10, CIFAR10_MEAN, CIFAR10_DEVIATION)


def read_cifar100(data_dir: Path) -> Images | None:
    """Return CIFAR-100's training images with fine labels, or None without ``cifar-100-python``.

    Raises:
        InputDataError: The file is missing or damaged.
    """
    return _read(data_dir, CIFAR100_FILES, "fine_labels", 100, CIFAR100_MEAN, CIFAR100_DEVIATION)


def _read(
    data_dir: Path,
    names: tuple[str, ...],
    label_key: str,
    num_classes: int,
    mean: tuple[float, ...],
    deviation: tuple[float, ...],
) -> Images | None:
    folder = data_dir / Path(names[0]).parent
    if not folder.is_dir():
        return None
    parts = [_read_file(data_dir, name, label_key, num_classes) for name in names]
    return Images(
        pixels=np.concatenate([pixels for pixels, _ in parts]),
        labels=np.concatenate([labels for _, labels in parts]),
        mean=mean,
        deviation=deviation,
        source=f"published files of {folder.name}",
    )


def _read_file(
    data_dir: Path, name: str, label_key: str, num_classes: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    path, what = data_dir / name, "a CIFAR file in the published Python format"
    content = unpickle_arrays(read_published(data_dir, name), path, what)
    try:
        flat = np.asarray(entry(content, "data"))
        labels = np.asarray(entry(content, label_key), dtype=np.int64)
    except (KeyError, TypeError, ValueError) as error:
        raise InputDataError(
            f"{path} is not {what} ({error}); unpack the publisher's archive again"
        ) from None
    check_images(path, flat, labels, (3072,), num_classes)
    return flat.reshape(-1, 3, 32, 32), labels

"""Spherical CIFAR-100 as published by NAS-Bench-360: CIFAR-100 projected onto a sphere.

``s2_cifar100.gz`` is a gzipped pickle of ``{"train": {"images", "labels"}, "test": …}``: images
(N, 3, 60, 60) uint8 in 0..255 and labels (N,) from 0 to 99. Published code passes the raw values to
the network. Here they are normalised like CIFAR's, by the mean and deviation of the training
images, which are computed because the publisher does not state them.

There is no published checksum. Public sources show only the keys and how the data are used; that
the images are stored as uint8 is unverified, so other numeric types in 0..255 are accepted too.

Reference: Tu et al., "NAS-Bench-360", NeurIPS 2022 Datasets and Benchmarks, arXiv:2110.05668, its
page (file) and its code (``load_scifar100_data`` in ``backbone/data_utils/load_data.py``); Cohen et
al., "Spherical CNNs", ICLR 2018, arXiv:1801.10130.
"""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

import numpy as np

from zcnas.datasets.minibatch import Images
from zcnas.datasets.published import check_images, entry, read_published, unpickle_arrays
from zcnas.errors import InputDataError

FILE = "spherical/s2_cifar100.gz"
SHAPE, CLASSES = (3, 60, 60), 100
SAMPLE = 2000
"""Number of images from which mean and deviation are computed."""


def read_spherical(data_dir: Path) -> Images | None:
    """Return the training images, or None if the folder has no ``spherical``.

    Raises:
        InputDataError: The file is missing, damaged, or from another dataset.
    """
    if not (data_dir / "spherical").is_dir():
        return None
    path, what = data_dir / FILE, "a gzipped Spherical CIFAR-100 file (format unverified)"
    try:
        pickled = gzip.GzipFile(fileobj=io.BytesIO(read_published(data_dir, FILE))).read()
    except (OSError, EOFError, zlib.error) as error:
        raise InputDataError(
            f"{path} is not {what} ({error}); get the publisher's file again"
        ) from None
    try:
        train = entry(unpickle_arrays(pickled, path, what), "train")
        pixels = np.asarray(entry(train, "images"))
        labels = np.asarray(entry(train, "labels")).astype(np.int64)
    except (KeyError, TypeError, ValueError) as error:
        raise InputDataError(
            f"{path} is not {what} ({error!r}); get the publisher's file again"
        ) from None
    if pixels.dtype.kind in "iuf" and pixels.size and 0 <= pixels.min() <= pixels.max() <= 255:
        pixels = pixels.astype(np.uint8, copy=False)
    check_images(path, pixels, labels, SHAPE, CLASSES)
    some = pixels[:: max(1, len(pixels) // SAMPLE)].astype(np.float64) / 255
    return Images(
        pixels=pixels,
        labels=labels,
        mean=tuple(some.mean(axis=(0, 2, 3)).tolist()),
        deviation=tuple(some.std(axis=(0, 2, 3)).tolist()),
        source="published files of spherical",
    )

"""Spherical CIFAR-100 as NAS-Bench-360 published it: CIFAR-100 projected onto a sphere.

``s2_cifar100.gz`` is a gzipped pickle of ``{"train": {"images", "labels"}, "test": …}``: images
(N, 3, 60, 60) uint8 in 0..255 and labels (N,) from 0 to 99. Published code hands the raw values to
the network. Here they are normalised as CIFAR's are, by mean and deviation of the training images,
which the publisher does not state and which are therefore computed.

No checksum is stated anywhere. What sources show of the format are the keys and the use; that the
images are stored as uint8 is unverified, so other number types in 0..255 are accepted as well.

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
"""Images that mean and deviation are computed from."""


def read_spherical(data_dir: Path) -> Images | None:
    """Return the training images, or None if the folder has no ``spherical``.

    Raises:
        InputDataError: The file is missing, damaged, or of another dataset.
    """
    if not (data_dir / "spherical").is_dir():
        return None
    path, what = data_dir / FILE, "gzipped Spherical CIFAR-100 (format in part unverified)"
    try:
        pickled = gzip.GzipFile(fileobj=io.BytesIO(read_published(data_dir, FILE))).read()
    except (OSError, EOFError, zlib.error) as error:
        raise InputDataError(
            f"{path} is no {what} ({error}); get the publisher's file again"
        ) from None
    try:
        train = entry(unpickle_arrays(pickled, path, what), "train")
        pixels = np.asarray(entry(train, "images"))
        labels = np.asarray(entry(train, "labels")).astype(np.int64)
    except (KeyError, TypeError, ValueError) as error:
        raise InputDataError(
            f"{path} is no {what} ({error!r}); get the publisher's file again"
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

"""ImageNet16-120: the first 120 classes of ImageNet, reduced to 16×16 pixels.

Published as ImageNet16: ten pickled dictionaries ``train_data_batch_1`` … ``_10`` with ``data`` (N,
768) uint8, the red, green and blue planes in turn, and ``labels``, a list of N numbers from 1 to
1000. NAS-Bench-201 keeps the labels 1 to 120, which become 0 to 119. The test images, ``val_data``,
are not needed here.

Reference: Chrabaszcz, Loshchilov and Hutter, "A Downsampled Variant of ImageNet as an Alternative
to the CIFAR datasets", 2017, arXiv:1707.08819; Dong and Yang, "NAS-Bench-201", ICLR 2020,
arXiv:2001.00326, and its code (D-X-Y/AutoDL-Projects, ``DownsampledImageNet.py``), which is the
source of the checksums, mean and deviation.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zcnas.datasets.minibatch import Images
from zcnas.datasets.published import check_images, entry, read_published, unpickle_arrays
from zcnas.errors import InputDataError

FILES = tuple(f"ImageNet16/train_data_batch_{number}" for number in range(1, 11))
CLASSES, KEPT = 1000, 120
MEAN = (122.68 / 255, 116.66 / 255, 104.01 / 255)
DEVIATION = (63.22 / 255, 61.26 / 255, 65.09 / 255)


def read_imagenet16(data_dir: Path) -> Images | None:
    """Return the training images of the first 120 classes, or None without ``ImageNet16``.

    Raises:
        InputDataError: Some of the ten files are missing, or one is damaged.
    """
    if not (data_dir / "ImageNet16").is_dir():
        return None
    parts = [_read_file(data_dir, name) for name in FILES]
    return Images(
        pixels=np.concatenate([pixels for pixels, _ in parts]),
        labels=np.concatenate([labels for _, labels in parts]),
        mean=MEAN,
        deviation=DEVIATION,
        source="published files of ImageNet16",
    )


def _read_file(data_dir: Path, name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    path, what = data_dir / name, "an ImageNet16 file in the published format"
    content = unpickle_arrays(read_published(data_dir, name), path, what)
    try:
        flat = np.asarray(entry(content, "data"))
        labels = np.asarray(entry(content, "labels"), dtype=np.int64) - 1
    except (KeyError, TypeError, ValueError) as error:
        raise InputDataError(
            f"{path} is not {what} ({error}); get the publisher's files again"
        ) from None
    check_images(path, flat, labels, (768,), CLASSES)
    kept = labels < KEPT
    return flat[kept].reshape(-1, 3, 16, 16), labels[kept]

"""Ninapro DB5 as prepared by NAS-Bench-360: windows of muscle signals, each one of 18 gestures.

``ninapro_train.npy`` holds windows (N, 52, 16), 52 time steps of 16 electrodes, and
``label_train.npy`` their gestures (N,), 0 to 17. The networks see (1, 16, 52): NAS-Bench-360's
loader swaps the two axes, NASLib's does not; this reader accepts both orders, which differ in
shape. No published code normalises the values, and neither does this module.

Reference: Tu et al., "NAS-Bench-360", NeurIPS 2022 Datasets and Benchmarks, arXiv:2110.05668, its
page (files) and its code (``backbone/data_utils/load_data.py``); Pizzolato et al., "Comparison of
six electromyography acquisition setups", PLOS ONE 12(10), 2017.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zcnas.datasets.minibatch import Images
from zcnas.datasets.published import check_labels, read_published
from zcnas.errors import InputDataError

WINDOWS, LABELS = "ninapro/ninapro_train.npy", "ninapro/label_train.npy"
ELECTRODES, MOMENTS, CLASSES = 16, 52, 18


def read_ninapro(data_dir: Path) -> Images | None:
    """Return the training windows as images of one channel, or None without ``ninapro``.

    Raises:
        InputDataError: A file is missing, damaged, or from another dataset.
    """
    if not (data_dir / "ninapro").is_dir():
        return None
    windows, labels = load_npy(data_dir, WINDOWS), load_npy(data_dir, LABELS)
    path = data_dir / WINDOWS
    if windows.shape[1:] == (MOMENTS, ELECTRODES):
        windows = windows.transpose(0, 2, 1)
    if windows.shape != (len(labels), ELECTRODES, MOMENTS) or windows.dtype.kind not in "iuf":
        raise InputDataError(
            f"{path} contains {windows.dtype} data of shape {windows.shape} for {len(labels)} "
            f"labels; expected numbers of shape (N, {MOMENTS}, {ELECTRODES}). Is it another "
            "dataset's file?"
        )
    if labels.dtype.kind == "f" and (labels == np.round(labels)).all():
        labels = labels.astype(np.int64)
    check_labels(data_dir / LABELS, labels, CLASSES)
    if not np.isfinite(windows).all():
        raise InputDataError(f"{path} contains NaN or infinite values; get the file again")
    return Images(
        pixels=windows[:, None],
        labels=labels.astype(np.int64),
        mean=(0.0,),
        deviation=(1.0,),
        source="published files of ninapro",
        scale=1.0,
    )


def load_npy(data_dir: Path, name: str) -> NDArray[Any]:
    """Return the numeric array in a published ``.npy`` file.

    Raises:
        InputDataError: The file is missing, truncated, not an array file, or contains Python
            objects.
    """
    content = read_published(data_dir, name)
    try:
        array: NDArray[Any] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError, TypeError, SyntaxError) as error:
        raise InputDataError(
            f"{data_dir / name} is not an array file in numpy's format ({error}); get the "
            "publisher's file again"
        ) from None
    return np.atleast_1d(array)

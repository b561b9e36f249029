"""Training images of forged datasets, from which their minibatches are drawn.

    FOLDER/forged/<dataset>.npz

Their labels and pixels tell nothing of any accuracy; validation images stay with the forge.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zcnas.datasets.minibatch import Images
from zcnas.errors import InputDataError

FOLDER = "forged"
"""Of a data folder: what forges have made."""


def images_path(folder: Path, dataset: str) -> Path:
    """Return the file of a forged dataset's training images in a data folder."""
    return folder / FOLDER / f"{dataset}.npz"


def write_images(
    folder: Path,
    dataset: str,
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    mean: tuple[float, ...],
    deviation: tuple[float, ...],
    source: str,
) -> Path:
    """Write training images into a data folder; return their file."""
    path = images_path(folder, dataset)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path, pixels=pixels, labels=labels, mean=mean, deviation=deviation, source=np.array(source)
    )
    return path


def read_forged(dataset: str, folder: Path) -> Images | None:
    """Return the training images of a forged dataset; None if the folder has none.

    Raises:
        InputDataError: The file is damaged.
    """
    path = images_path(folder, dataset)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            return Images(
                stored["pixels"],
                stored["labels"],
                tuple(map(float, stored["mean"])),
                tuple(map(float, stored["deviation"])),
                str(stored["source"]),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputDataError(
            f"{path} cannot be read ({error}); repeat its `zcnas forge new` to write it again"
        ) from None

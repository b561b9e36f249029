"""Training images of forged datasets, from which their minibatches are drawn.

    FOLDER/forged/<dataset>.npz

Their labels and pixels tell nothing of any accuracy; validation images stay with the forge. Where
images are segmented, a label is a map of the classes of all pixels.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zcnas.datasets.minibatch import Drawable, Images, Minibatch
from zcnas.errors import InputDataError
from zcnas.words.forged_names import parse_forged_name

FOLDER = "forged"
"""Of a data folder: what forges have made."""


@dataclass(frozen=True)
class ToReconstruct:
    """Images that are their own targets.

    Attributes:
        images: Normalised to [-1, 1].
    """

    images: Images

    def draw(self, batch_size: int, rng: np.random.Generator) -> Minibatch:
        """Return a minibatch of ``batch_size`` different images, each with itself as its target.

        Raises:
            InputDataError: There are too few images.
        """
        found = self.images.draw(batch_size, rng)
        return replace(found, targets=found.inputs.copy())


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


def read_forged(dataset: str, folder: Path) -> Drawable | None:
    """Return the training images of a forged dataset; None if the folder has none.

    Raises:
        InputDataError: The file is damaged.
    """
    path = images_path(folder, dataset)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            images = Images(
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
    named = parse_forged_name(dataset)
    return ToReconstruct(images) if named and named.task == "reconstruct" else images

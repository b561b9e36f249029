"""Images of the organiser's own: a folder with a folder per class, or one array file.

    DIR/cat/1.png   DIR/dog/2.jpg   …     classes are numbered in the order of their names
    FILE.npz        images (N, H, W) or (N, H, W, C) uint8, labels (N,) integers from 0

All images are square and of one size. A quarter of each class, drawn under the forge's seed, is for
validation.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np

from zcnas.errors import InputDataError
from zcnas.forge.images.splits import ForgedImages, Split

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
VALIDATION_SHARE = 1 / 4
LEAST_OF_CLASS = 8
"""Images: fewer leave no two for validation."""
SIDES = (8, 64)
"""The smallest and the largest side; larger images would cost hours a network."""


def read_own(path: Path) -> Split:
    """Return the images at a path, in an order that depends on names alone.

    Raises:
        InputDataError: They are missing, unreadable, of several sizes, or of fewer than two
            classes.
    """
    if not path.exists():
        raise InputDataError(
            f"there are no images at {path}; name a folder with one folder per class, or an .npz "
            "file with the arrays images and labels"
        )
    found = _read_folder(path) if path.is_dir() else _read_arrays(path)
    height, width = found.pixels.shape[2:]
    if height != width or not SIDES[0] <= height <= SIDES[1]:
        raise InputDataError(
            f"the images of {path} are {height}×{width}; they must be square, {SIDES[0]} to "
            f"{SIDES[1]} pixels a side: crop and scale them first"
        )
    counts = np.bincount(found.labels)
    if len(counts) < 2:
        raise InputDataError(f"{path} has images of one class only; a benchmark needs two or more")
    if (least := int(counts.argmin())) is not None and counts[least] < LEAST_OF_CLASS:
        raise InputDataError(
            f"class {least} of {path} has {counts[least]} images; each needs {LEAST_OF_CLASS} or "
            "more: add some, or leave the class out"
        )
    return found


def digest(found: Split) -> str:
    """Return the SHA-256 of all images and labels."""
    return hashlib.sha256(found.pixels.tobytes() + found.labels.tobytes()).hexdigest()


def split(found: Split, rng: np.random.Generator) -> ForgedImages:
    """Return the images parted into training and validation; the same for the same generator."""
    kept = np.zeros(len(found.labels), bool)
    classes = int(found.labels.max()) + 1
    for label in range(classes):
        places = rng.permutation(np.flatnonzero(found.labels == label))
        kept[places[: max(1, round(len(places) * VALIDATION_SHARE))]] = True
    train, validation = (
        Split(found.pixels[chosen], found.labels[chosen]) for chosen in (~kept, kept)
    )
    return ForgedImages(train, validation, classes, "forged: the organiser's own images")


def _read_arrays(path: Path) -> Split:
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("it is another kind of file")
        with np.load(path, allow_pickle=False) as stored:
            images, labels = stored["images"], stored["labels"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputDataError(
            f"{path} is not an .npz file with the arrays images and labels ({error}); write it "
            "with numpy.savez(path, images=…, labels=…)"
        ) from None
    if images.ndim == 3:
        images = images[..., None]
    fits = images.dtype == np.uint8 and images.ndim == 4 and images.shape[-1] in (1, 3)
    if not fits or labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise InputDataError(
            f"{path} has images of {images.dtype} and shape {images.shape}, labels of "
            f"{labels.dtype} and shape {labels.shape}; expected uint8 (N, H, W), (N, H, W, 1) or "
            "(N, H, W, 3), and integers (N,)"
        )
    if not len(labels) or labels.min() < 0:
        raise InputDataError(f"{path} has no images, or negative labels; labels count from 0")
    return Split(np.ascontiguousarray(images.transpose(0, 3, 1, 2)), labels.astype(np.int64))


def _read_folder(folder: Path) -> Split:
    from PIL import Image, UnidentifiedImageError

    classes = sorted(each for each in folder.iterdir() if each.is_dir())
    pixels, labels, first = [], [], None
    for label, each in enumerate(classes):
        for path in sorted(each.iterdir()):
            if path.suffix.lower() not in SUFFIXES:
                continue
            try:
                with Image.open(path) as image:
                    array = np.asarray(image.convert("RGB"), np.uint8)
            except (OSError, ValueError, SyntaxError, UnidentifiedImageError) as error:
                raise InputDataError(
                    f"{path} cannot be read as an image ({error}); replace or remove it"
                ) from None
            first = first or (path, array.shape)
            if array.shape != first[1]:
                raise InputDataError(
                    f"{path} is {array.shape[0]}×{array.shape[1]}, but {first[0]} is "
                    f"{first[1][0]}×{first[1][1]}; scale all images to one size"
                )
            pixels.append(array.transpose(2, 0, 1))
            labels.append(label)
    if not pixels:
        raise InputDataError(
            f"{folder} has no images; put those of each class into a folder of its own there "
            f"({', '.join(SUFFIXES)})"
        )
    return Split(np.stack(pixels), np.array(labels, np.int64))

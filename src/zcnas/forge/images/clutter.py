"""Digits in clutter: handwriting that is placed, coloured, inverted at random and half hidden.

Each image shows one of scikit-learn's 1,797 scanned digits, 8×8 pixels large in an image of 12×12,
somewhere on a striped ground of another colour, darker or brighter than it, under noise. Digits
alone are too easy (every network reaches 97 %, and their ranks are noise); in clutter networks
reach from chance to 90 %. No digit is in both splits, so a network that knows the training digits
by heart gains nothing.

Reference for the digits: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI
Machine Learning Repository, 1998 (the copy in scikit-learn).
"""

from __future__ import annotations

import numpy as np

from zcnas.benchmarks import Target
from zcnas.forge.images.splits import Floats, ForgedImages, Labels, Split, to_bytes

CLASSES = 10
TRAIN_IMAGES = 12_000
VALIDATION_IMAGES = 4_000
VALIDATION_SHARE = 1 / 3
"""Of the digits; every class is split on its own."""
DIGIT_SHARE = 2 / 3
"""A digit's side, as a share of the image's."""
CONTRAST = (0.25, 0.6)
"""How much brighter or darker than its ground a digit is, from the least to the most."""
STRIPES = 0.12
"""Amplitude of the ground's stripes, per channel."""
NOISE = 0.1
"""Deviation of the noise of each pixel and channel."""
INK = 0.5
"""Of a digit's darkest stroke: pixels above it are the digit's where images are segmented."""


def make_clutter(
    rng: np.random.Generator, side: int, planes: int, target: Target = "label"
) -> ForgedImages:
    """Return cluttered digits; the same for the same generator, whatever is asked of them.

    Args:
        rng: Splits the digits and makes all images.
        side: H and W, at least 8.
        planes: C.
        target: What is asked of an image. A map has 0 for the ground and 1 + its digit elsewhere.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    digits, labels = bunch.images / 16.0, bunch.target.astype(np.int64)
    digits = _enlarged(digits, round(side * DIGIT_SHARE))
    kept = np.zeros(len(labels), bool)
    for label in range(CLASSES):
        places = rng.permutation(np.flatnonzero(labels == label))
        kept[places[: round(len(places) * VALIDATION_SHARE)]] = True
    train, validation = (
        _cluttered(digits[chosen], labels[chosen], count, rng, (planes, side, side), target)
        for chosen, count in ((~kept, TRAIN_IMAGES), (kept, VALIDATION_IMAGES))
    )
    return ForgedImages(train, validation, CLASSES, "forged: digits in clutter", target)


def _enlarged(digits: Floats, side: int) -> Floats:
    """Return digits (N, h, w) as (N, side, side), interpolated between their pixels."""
    if side == digits.shape[-1]:
        return digits
    places = np.linspace(0, digits.shape[-1] - 1, side)
    left = np.minimum(places.astype(int), digits.shape[-1] - 2)
    share = places - left
    rows = digits[:, left] * (1 - share)[:, None] + digits[:, left + 1] * share[:, None]
    enlarged: Floats = rows[:, :, left] * (1 - share) + rows[:, :, left + 1] * share
    return enlarged


def _cluttered(
    digits: Floats,
    labels: Labels,
    count: int,
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    target: Target,
) -> Split:
    """Return ``count`` images (C, H, W), each of a digit drawn at random."""
    planes, side, _ = shape
    chosen = rng.integers(len(digits), size=count)
    ink = _placed(digits[chosen], rng, side)[:, None]
    ground = rng.uniform(0.3, 0.7, (count, planes, 1, 1)) + _stripes(count, planes, side, rng)
    contrast = rng.uniform(*CONTRAST, (count, planes, 1, 1))
    polarity = rng.choice((-1.0, 1.0), (count, 1, 1, 1))
    images = ground + polarity * contrast * ink
    images += NOISE * rng.standard_normal(images.shape)
    shown = labels[chosen]
    if target == "segmentation":
        shown = np.where(ink[:, 0] > INK, 1 + shown[:, None, None], 0)
    return Split(to_bytes(images), shown)


def _placed(digits: Floats, rng: np.random.Generator, side: int) -> Floats:
    """Return images (N, side, side) that are empty but for a digit somewhere."""
    count, size = digits.shape[:2]
    placed = np.zeros((count, side, side))
    top, left = rng.integers(side - size + 1, size=(2, count))
    rows = top[:, None, None] + np.arange(size)[:, None]
    columns = left[:, None, None] + np.arange(size)
    placed[np.arange(count)[:, None, None], rows, columns] = digits
    return placed


def _stripes(count: int, planes: int, side: int, rng: np.random.Generator) -> Floats:
    """Return waves (N, C, side, side) of any direction, about as fine as a digit's strokes."""
    angle = rng.uniform(0, np.pi, (count, 1, 1, 1))
    length = rng.uniform(3, side, (count, 1, 1, 1))
    phase = rng.uniform(0, 2 * np.pi, (count, planes, 1, 1))
    rows, columns = np.mgrid[:side, :side]
    along = np.cos(angle) * columns + np.sin(angle) * rows
    waves: Floats = STRIPES * np.sin(2 * np.pi * along / length + phase)
    return waves

"""Images of nothing: Gaussian noise, labelled by random networks.

Each class has a random network of its own, and an image belongs to the class whose network answers
it with the largest number. What there is to learn is a function, and no natural image's statistics
help.

Reference: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021,
arXiv:2101.08134 (proxies on synthetic data); the labels from random networks are ours.
"""

from __future__ import annotations

import numpy as np

from zcnas.forge.images.splits import Floats, ForgedImages, Labels, Split, to_bytes

TRAIN_IMAGES = 12_000
VALIDATION_IMAGES = 4_000
DEVIATION = 0.2
"""Of a pixel around the middle grey, on the scale 0 to 1."""
WIDTH = 4
"""Filters of a random network."""
KERNEL = 3


def make_gaussian(rng: np.random.Generator, side: int, planes: int, classes: int) -> ForgedImages:
    """Return Gaussian images with labels; the same for the same generator.

    Args:
        rng: Makes networks and images.
        side: H and W.
        planes: C.
        classes: K.
    """
    count = TRAIN_IMAGES + VALIDATION_IMAGES
    images = rng.standard_normal((count, planes, side, side))
    answers = np.stack([_answers(images, rng) for _ in range(classes)], axis=1)
    labels: Labels = answers.argmax(axis=1).astype(np.int64)
    pixels = to_bytes(0.5 + DEVIATION * images)
    train, validation = slice(TRAIN_IMAGES), slice(TRAIN_IMAGES, None)
    return ForgedImages(
        Split(pixels[train], labels[train]),
        Split(pixels[validation], labels[validation]),
        classes,
        "forged: Gaussian images, labelled by random networks",
    )


def _answers(images: Floats, rng: np.random.Generator) -> Floats:
    """Return a random network's answer to images (N, C, H, W), standardised over all of them.

    One convolution, ReLU, the mean over places and a weighted sum.
    """
    planes = images.shape[1]
    filters = rng.standard_normal((WIDTH, planes, KERNEL, KERNEL)) / np.sqrt(planes * KERNEL**2)
    windows = np.lib.stride_tricks.sliding_window_view(images, (KERNEL, KERNEL), axis=(2, 3))
    features = np.stack(
        [np.maximum(np.einsum("ncyxij,cij->nyx", windows, each), 0) for each in filters], axis=1
    )
    answers = features.mean(axis=(2, 3)) @ rng.standard_normal(WIDTH)
    standard: Floats = (answers - answers.mean()) / answers.std()
    return standard

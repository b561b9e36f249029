"""What every kind of forged images comes as: bytes with labels, for training and for validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zcnas.benchmarks import Target

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Floats = NDArray[np.float64]

DENSE_SCALE = 0.5
"""Mean and deviation that dense tasks are normalised by, to [-1, 1], as those of Taskonomy are."""


@dataclass(frozen=True)
class Split:
    """Images with their labels.

    Attributes:
        pixels: (N, C, H, W).
        labels: (N,), in 0..K-1; of images that are segmented (N, H, W), in 0..K.
    """

    pixels: Pixels
    labels: Labels


@dataclass(frozen=True)
class ForgedImages:
    """What networks of a forged benchmark are trained and judged on.

    Attributes:
        train: Training images.
        validation: Images of which no part is in ``train``.
        classes: K, without the ground of images that are segmented.
        source: What they are, one phrase for manifest and leaderboard.
        target: What is asked of an image: its label, itself, or a map of its pixels' classes.
    """

    train: Split
    validation: Split
    classes: int
    source: str
    target: Target = "label"

    @property
    def mean(self) -> tuple[float, ...]:
        """What each channel is normalised by, on the scale 0 to 1: its mean over training images.

        Of a dense task the middle of the scale.
        """
        of_scale = self.train.pixels.mean(axis=(0, 2, 3)) / 255
        return tuple(float(each) if self.target == "label" else DENSE_SCALE for each in of_scale)

    @property
    def deviation(self) -> tuple[float, ...]:
        """The deviation likewise: that of training images, 1 of an empty channel; or half."""
        found = self.train.pixels.std(axis=(0, 2, 3)) / 255
        return tuple(
            (float(each) or 1.0) if self.target == "label" else DENSE_SCALE for each in found
        )


def to_bytes(images: Floats) -> Pixels:
    """Return images on the scale 0 to 1 as bytes."""
    pixels: Pixels = np.rint(images.clip(0, 1) * 255).astype(np.uint8)
    return pixels

"""What every kind of forged images comes as: bytes with labels, for training and for validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Split:
    """Images with their labels.

    Attributes:
        pixels: (N, C, H, W).
        labels: (N,), in 0..K-1.
    """

    pixels: Pixels
    labels: Labels


@dataclass(frozen=True)
class ForgedImages:
    """What networks of a forged benchmark are trained and judged on.

    Attributes:
        train: Training images.
        validation: Images of which no part is in ``train``.
        classes: K.
        source: What they are, one phrase for manifest and leaderboard.
    """

    train: Split
    validation: Split
    classes: int
    source: str

    @property
    def mean(self) -> tuple[float, ...]:
        """The mean of each channel of the training images, on the scale 0 to 1."""
        return tuple(map(float, self.train.pixels.mean(axis=(0, 2, 3)) / 255))

    @property
    def deviation(self) -> tuple[float, ...]:
        """The standard deviation of each channel of the training images; 1 of an empty one."""
        found = self.train.pixels.std(axis=(0, 2, 3)) / 255
        return tuple(float(each) or 1.0 for each in found)


def to_bytes(images: Floats) -> Pixels:
    """Return images on the scale 0 to 1 as bytes."""
    pixels: Pixels = np.rint(images.clip(0, 1) * 255).astype(np.uint8)
    return pixels

"""How well a network does on validation images, in percent: one measure per kind of target.

Reference: segmentation and reconstruction are measured as TransNAS-Bench-101 reports them, by mean
IoU and SSIM (Duan et al., CVPR 2021, arXiv:2105.11871). Mean IoU: Long et al., "Fully Convolutional
Networks for Semantic Segmentation", CVPR 2015, arXiv:1411.4038, section 5. SSIM: Wang et al.,
"Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE Transactions on
Image Processing, 2004, with its window and constants; beyond an image's border are zeros.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from zcnas.benchmarks import Target

WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2
"""SSIM's constants for images on the scale 0 to 1."""


class Measure(Protocol):
    """Takes note of one batch after another; more is better."""

    def add(self, answers: Tensor, targets: Tensor) -> None:
        """Take note of a network's answers to a batch."""
        ...

    def percent(self) -> float:
        """Return the measure over all batches, 0 to 100."""
        ...


class Accuracy:
    """Percent of images that are classified correctly."""

    def __init__(self) -> None:
        self._right = self._all = 0

    def add(self, answers: Tensor, targets: Tensor) -> None:
        """Take note of logits (B, K) for labels (B,)."""
        self._right += int((answers.argmax(dim=1) == targets).sum())
        self._all += len(targets)

    def percent(self) -> float:
        """Return the accuracy."""
        return 100 * self._right / self._all


class MeanIou:
    """Percent: for each class, pixels that are of it and answered so, of those that are either.

    The mean is over the classes that occur, in the targets or in the answers.
    """

    def __init__(self) -> None:
        self._counts = torch.zeros(0, dtype=torch.int64)

    def add(self, answers: Tensor, targets: Tensor) -> None:
        """Take note of logits (B, K, H, W) for classes (B, H, W)."""
        classes = answers.shape[1]
        pairs = classes * targets.flatten() + answers.argmax(dim=1).flatten()
        counts = torch.bincount(pairs, minlength=classes**2).reshape(classes, classes)
        self._counts = counts + self._counts if len(self._counts) else counts

    def percent(self) -> float:
        """Return the mean IoU."""
        both = self._counts.diagonal()
        either = self._counts.sum(dim=0) + self._counts.sum(dim=1) - both
        occur = either > 0
        return 100 * float((both[occur] / either[occur]).mean())


class MeanSsim:
    """A hundred times the mean SSIM of images; 0 where it is negative or not a number."""

    def __init__(self) -> None:
        self._sum, self._all = 0.0, 0

    def add(self, answers: Tensor, targets: Tensor) -> None:
        """Take note of images (B, C, H, W) in [-1, 1] for such images."""
        self._sum += float(ssim((answers + 1) / 2, (targets + 1) / 2).sum())
        self._all += len(targets)

    def percent(self) -> float:
        """Return the mean SSIM, in percent."""
        mean = 100 * self._sum / self._all
        return max(0.0, mean) if math.isfinite(mean) else 0.0


MEASURES: dict[Target, tuple[str, Callable[[], Measure]]] = {
    "label": ("accuracy", Accuracy),
    "segmentation": ("mean IoU", MeanIou),
    "image": ("SSIM in percent", MeanSsim),
}
"""Maps a target to what is measured, in words, and to the measure."""


def ssim(first: Tensor, second: Tensor) -> Tensor:
    """Return the SSIM of pairs of images, the mean over places and channels.

    Args:
        first: (B, C, H, W) in [0, 1].
        second: The same shape.

    Returns:
        (B,) in [-1, 1]; 1 for equal images.
    """
    offsets = torch.arange(WINDOW, dtype=first.dtype) - WINDOW // 2
    weights = torch.exp(-(offsets**2) / (2 * SIGMA**2))
    weights = weights / weights.sum()
    channels = first.shape[1]
    window = torch.outer(weights, weights).expand(channels, 1, WINDOW, WINDOW)

    def blurred(images: Tensor) -> Tensor:
        return functional.conv2d(images, window, padding=WINDOW // 2, groups=channels)

    mean_a, mean_b = blurred(first), blurred(second)
    variances = blurred(first**2) - mean_a**2 + blurred(second**2) - mean_b**2
    covariance = blurred(first * second) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + C1) * (2 * covariance + C2)
    likeness = likeness / ((mean_a**2 + mean_b**2 + C1) * (variances + C2))
    return likeness.mean(dim=(1, 2, 3))

"""The types all dataset modules share: images as published, and the minibatch a network sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zcnas.errors import InputDataError
from zcnas.words.packed import NO_IMAGES, PackedImages, pack_images

LEAST_IMAGES = 64
"""How many images a dataloader yields at least, over all its minibatches."""
LEAST_MINIBATCHES = 2


def _none_further() -> PackedImages:
    return NO_IMAGES


@dataclass(frozen=True)
class Minibatch:
    """What a predictor's dataloader yields first, and what after it.

    Attributes:
        inputs: (B, C, H, W) float32, normalised per channel.
        targets: (B, …): int64 labels (B,), or whatever ``Dataset.target`` specifies.
        source: Where it comes from, one phrase for manifest and leaderboard.
        synthetic: Whether it depends only on the benchmark and its seed, so that any machine can
            generate it; otherwise it comes from published files and is sent to other machines.
        further: Returns the images of the minibatches after it, a whole number of minibatches.
            Synthetic ones are made when it is first called.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[Any]
    source: str
    synthetic: bool = False
    further: Callable[[], PackedImages] = _none_further


class Drawable(Protocol):
    """A dataset's published files, from which minibatches are drawn."""

    def draw(self, batch_size: int, rng: np.random.Generator) -> Minibatch:
        """Return a normalised minibatch of ``batch_size`` different images.

        Raises:
            InputDataError: There are too few images, or one is damaged.
        """
        ...


@dataclass(frozen=True)
class Images:
    """Training images as they were published.

    Attributes:
        pixels: (N, C, H, W), uint8 unless ``scale`` says otherwise.
        labels: (N,) int64, or (N, H, W) where each pixel has a class.
        mean: The published mean of each channel, on the scale 0 to 1.
        deviation: The published standard deviation of each channel, on the scale 0 to 1.
        source: One phrase for manifest and leaderboard.
        scale: The value in ``pixels`` that corresponds to 1.
    """

    pixels: NDArray[Any]
    labels: NDArray[np.int64]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    source: str
    scale: float = 255.0

    def draw(self, batch_size: int, rng: np.random.Generator) -> Minibatch:
        """Return a normalised minibatch of ``batch_size`` different images.

        Raises:
            InputDataError: There are too few images.
        """
        chosen = choose(batch_size, len(self.pixels), self.source, rng)
        scaled = self.pixels[chosen].astype(np.float32) / np.float32(self.scale)
        mean = np.array(self.mean, dtype=np.float32).reshape(-1, 1, 1)
        deviation = np.array(self.deviation, dtype=np.float32).reshape(-1, 1, 1)
        inputs = ((scaled - mean) / deviation).astype(np.float32)
        return Minibatch(inputs, self.labels[chosen], self.source)


def further_minibatches(batch_size: int) -> int:
    """Return how many minibatches of B images follow the first one."""
    return max(LEAST_MINIBATCHES, -(-LEAST_IMAGES // batch_size)) - 1


def draw_further(images: Drawable, batch_size: int, rng: np.random.Generator) -> PackedImages:
    """Return the images of the minibatches after the first one, packed.

    Every minibatch is drawn on its own: its images differ from each other, and one of them may
    occur in another minibatch too.

    Raises:
        InputDataError: There are too few images, or one is damaged.
    """
    drawn = [images.draw(batch_size, rng) for _ in range(further_minibatches(batch_size))]
    return pack_images(
        np.concatenate([each.inputs for each in drawn]),
        np.concatenate([each.targets for each in drawn]),
    )


def choose(
    batch_size: int, available: int, source: str, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return ``batch_size`` different indices below ``available``.

    Raises:
        InputDataError: ``available`` is less than ``batch_size``.
    """
    if batch_size > available:
        raise InputDataError(
            f"the batch size is {batch_size}, but {source} has only {available} images; lower "
            "batch_size in phases.toml or complete the files"
        )
    return rng.permutation(available)[:batch_size]

"""The types all dataset modules share: images as published, and the minibatch a network sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zcnas.errors import InputDataError


@dataclass(frozen=True)
class Minibatch:
    """What a predictor's dataloader yields.

    Attributes:
        inputs: (B, C, H, W) float32, normalised per channel.
        targets: (B, …): int64 labels (B,), or whatever ``Dataset.target`` specifies.
        source: Where it comes from, one phrase for manifest and leaderboard.
        synthetic: Whether it depends only on the benchmark and its seed, so that any machine can
            generate it; otherwise it comes from published files and is sent to other machines.
    """

    inputs: NDArray[np.float32]
    targets: NDArray[Any]
    source: str
    synthetic: bool = False


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
        labels: (N,) int64.
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

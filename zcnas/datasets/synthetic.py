"""The fallback minibatch: class-structured synthetic images that need no download.

Every image is the sum of its class's picture and a picture of its own, both Gaussian random fields
whose amplitude falls with spatial frequency f as 1/f, the law natural images follow, with
correlated colours. Channels then have mean 0 and deviation 1, as normalised real images have. So a
label tells something about its image, neighbouring pixels agree, and nothing is white noise. What
it is not: photographs; no edges, no objects.

Reference for the 1/f law: Field, "Relations between the statistics of natural images and the
response properties of cortical cells", JOSA A 4(12), 1987.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zcnas.benchmarks import Dataset
from zcnas.datasets.minibatch import Minibatch

SOURCE = "synthetic fallback (class-structured 1/f images)"
CLASS_SHARE = 0.5
"""Share of an image's variance that its class explains."""
COLOUR_CORRELATION = 0.9
"""Correlation between two colour channels of a field, roughly that of photographs."""


def synthetic_minibatch(dataset: Dataset, batch_size: int, rng: np.random.Generator) -> Minibatch:
    """Return B synthetic images of a dataset's shape with uniformly drawn labels."""
    labels = rng.integers(dataset.num_classes, size=batch_size)
    classes = _random_fields(dataset.num_classes, dataset.input_shape, rng)
    own = _random_fields(batch_size, dataset.input_shape, rng)
    images = np.sqrt(CLASS_SHARE) * classes[labels] + np.sqrt(1 - CLASS_SHARE) * own
    images -= images.mean(axis=(0, 2, 3), keepdims=True)
    images /= images.std(axis=(0, 2, 3), keepdims=True)
    return Minibatch(images.astype(np.float32), labels.astype(np.int64), SOURCE)


def _random_fields(
    count: int, shape: tuple[int, ...], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return ``count`` fields (count, C, H, W) of unit variance with a 1/f amplitude spectrum."""
    channels, height, width = shape
    shared = rng.standard_normal((count, 1, height, width))
    single = rng.standard_normal((count, channels, height, width))
    white = np.sqrt(COLOUR_CORRELATION) * shared + np.sqrt(1 - COLOUR_CORRELATION) * single
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :])
    frequency[0, 0] = 1 / max(height, width)  # the mean brightness counts as the lowest frequency
    fields = np.fft.irfft2(np.fft.rfft2(white) / frequency, s=(height, width))
    deviation: NDArray[np.float64] = fields.std()
    return fields / deviation

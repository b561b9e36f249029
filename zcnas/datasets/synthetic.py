"""The fallback minibatch: class-structured synthetic images that need no download.

Every image is the sum of its class's picture and a picture of its own, both Gaussian random fields
whose amplitude falls with spatial frequency f as f^-1.5 and whose colours are correlated. Channels
then have mean 0 and deviation 1, as normalised real images have. So a label tells something about
its image, neighbouring pixels agree, and nothing is white noise. What it is not: photographs; there
are no edges and no objects.

Large photographs follow 1/f; small thumbnails are steeper. The exponent was chosen on 100 images of
CIFAR-10: correlation of neighbouring pixels 0.93 there and 0.96 here, of colours 0.88 and 0.90,
variance of an image's mean brightness 0.28 and 0.26, slope of the power spectrum -3.4 and -3.0.

Reference for the power law: Field, "Relations between the statistics of natural images and the
response properties of cortical cells", JOSA A 4(12), 1987.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zcnas.benchmarks import Dataset
from zcnas.datasets.minibatch import Minibatch

SOURCE = "synthetic fallback (class-structured random fields)"
CLASS_SHARE = 0.5
"""Share of an image's variance that its class explains."""
SPECTRAL_EXPONENT = 1.5
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
    """Return ``count`` fields (count, C, H, W) of unit variance.

    They are cut out of fields twice as high and wide, so that opposite borders do not agree.
    """
    channels, height, width = shape
    large = (2 * height, 2 * width)
    shared = rng.standard_normal((count, 1, *large))
    single = rng.standard_normal((count, channels, *large))
    white = np.sqrt(COLOUR_CORRELATION) * shared + np.sqrt(1 - COLOUR_CORRELATION) * single
    frequency = np.hypot(np.fft.fftfreq(large[0])[:, None], np.fft.rfftfreq(large[1])[None, :])
    frequency[0, 0] = 1 / max(large)  # the mean brightness counts as the lowest frequency
    spectrum = np.fft.rfft2(white) / frequency**SPECTRAL_EXPONENT
    fields = np.fft.irfft2(spectrum, s=large)[:, :, :height, :width]
    unit_variance: NDArray[np.float64] = fields / fields.std()
    return unit_variance

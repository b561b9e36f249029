"""The fallback minibatch: class-structured synthetic data that needs no download.

Every image is the sum of a picture for its class and a picture of its own. Both are Gaussian random
fields whose amplitude falls with spatial frequency f as f^-1.5 and whose colours are correlated.
Channels have mean 0 and deviation 1, like normalised real images. So a label says something about
its image, neighbouring pixels are similar, and nothing is white noise. The images are not
photographs: they have no edges and no objects.

Large photographs follow 1/f; small thumbnails are steeper. The exponent was chosen on 100 CIFAR-10
images. Statistics there and here: correlation of neighbouring pixels 0.93 and 0.96, of colours 0.88
and 0.90, variance of an image's mean brightness 0.28 and 0.26, slope of the power spectrum -3.4 and
-3.0.

Targets other than labels are derived from the image as the task requires: see ``TARGETS``.

Reference for the power law: Field, "Relations between the statistics of natural images and the
response properties of cortical cells", JOSA A 4(12), 1987.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from zcnas.benchmarks import Dataset, Target
from zcnas.datasets.minibatch import Minibatch

SOURCE = "synthetic fallback (class-structured random fields)"
CLASS_SHARE = 0.5
"""Share of an image's variance that its class explains."""
SPECTRAL_EXPONENT = 1.5
COLOUR_CORRELATION = 0.9
"""Correlation between two colour channels of a field, roughly that of photographs."""
TRUE_CLASS_PROBABILITY = 0.9
"""Probability that a soft label gives to the image's class; the rest is spread at random."""

Images = NDArray[np.float64]
Labels = NDArray[np.int64]


class SyntheticImages:
    """A dataset's classes and the images that are drawn of them.

    The classes' pictures are made with the first minibatch. Later ones show the classes that
    occur in it, and their own pictures are cut four at a time, because a minibatch that few
    predictors look at should cost little.

    Args:
        dataset: Its shape, its number of classes and its type of target.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._kinds: Labels | None = None
        self._pictures = np.empty(0, np.float32)
        self._task_state: Any = None

    def draw(self, batch_size: int, rng: np.random.Generator) -> Minibatch:
        """Return B inputs with the dataset's shape and its type of target."""
        dataset = self._dataset
        *tiles, channels, height, width = dataset.input_shape
        side = round(tiles[0] ** 0.5) if tiles else 1  # a jigsaw's tiles are cut from one image
        shape = (channels, height * side, width * side)
        first = self._kinds is None
        if self._kinds is None:
            labels = rng.integers(dataset.num_classes, size=batch_size)
            self._kinds, kind_of = np.unique(labels, return_inverse=True)
            pictures = _random_fields(len(self._kinds), shape, rng)
            self._pictures = pictures.astype(np.float32)
        else:
            kind_of = rng.integers(len(self._kinds), size=batch_size)
            labels, pictures = self._kinds[kind_of], self._pictures.astype(np.float64)
        own = _random_fields(batch_size, shape, rng, cuts=1 if first else 4)
        images = _normalised(pictures[kind_of], own)
        inputs, targets = TARGETS[dataset.target](images, labels, dataset, self._task_rng(rng))
        return Minibatch(inputs.astype(np.float32), targets, SOURCE, synthetic=True)

    def _task_rng(self, rng: np.random.Generator) -> np.random.Generator:
        """Return a generator that gives a jigsaw's labels the same orders in every minibatch."""
        if self._dataset.target != "permutation":
            return rng
        if self._task_state is None:
            self._task_state = rng.bit_generator.state
        again = np.random.default_rng(0)
        again.bit_generator.state = self._task_state
        return again


def _normalised(pictures: Images, own: Images) -> Images:
    """Return images (B, C, H, W) of a class's picture and one of their own."""
    images = np.sqrt(CLASS_SHARE) * pictures + np.sqrt(1 - CLASS_SHARE) * own
    images -= images.mean(axis=(0, 2, 3), keepdims=True)
    normalised: Images = images / images.std(axis=(0, 2, 3), keepdims=True)
    return normalised


def _random_fields(
    count: int, shape: tuple[int, int, int], rng: np.random.Generator, cuts: Literal[1, 4] = 1
) -> Images:
    """Return ``count`` fields (count, C, H, W) of unit variance.

    They are cut from fields twice as high and wide, so that opposite borders do not match: one
    from each, or its four quarters.
    """
    channels, height, width = shape
    large = (2 * height, 2 * width)
    larges = -(-count // cuts)
    shared = rng.standard_normal((larges, 1, *large))
    single = rng.standard_normal((larges, channels, *large))
    white = np.sqrt(COLOUR_CORRELATION) * shared + np.sqrt(1 - COLOUR_CORRELATION) * single
    frequency = np.hypot(np.fft.fftfreq(large[0])[:, None], np.fft.rfftfreq(large[1])[None, :])
    frequency[0, 0] = 1 / max(large)  # the mean brightness counts as the lowest frequency
    spectrum = np.fft.rfft2(white) / frequency**SPECTRAL_EXPONENT
    whole = np.fft.irfft2(spectrum, s=large)
    corners = ((0, 0), (0, width), (height, 0), (height, width))[:cuts]
    quarters = [whole[:, :, top : top + height, left : left + width] for top, left in corners]
    fields = quarters[0] if cuts == 1 else np.concatenate(quarters)[:count]
    unit_variance: Images = fields / fields.std()
    return unit_variance


_InputsAndTargets = tuple[Images, NDArray[Any]]


def _labels(
    images: Images, labels: Labels, dataset: Dataset, rng: np.random.Generator
) -> _InputsAndTargets:
    return images, labels.astype(np.int64)


def _soft_labels(
    images: Images, labels: Labels, dataset: Dataset, rng: np.random.Generator
) -> _InputsAndTargets:
    spread = rng.dirichlet(np.ones(dataset.num_classes), size=len(labels))
    targets = (1 - TRUE_CLASS_PROBABILITY) * spread
    targets[np.arange(len(labels)), labels] += TRUE_CLASS_PROBABILITY
    return images, targets.astype(np.float32)


def _permutations(
    images: Images, labels: Labels, dataset: Dataset, rng: np.random.Generator
) -> _InputsAndTargets:
    """Cut each image into tiles (B, T, C, H, W), arranged in the order its label stands for."""
    tiles, channels, height, width = dataset.input_shape
    side = round(tiles**0.5)
    cut = images.reshape(len(images), channels, side, height, side, width)
    ordered = cut.transpose(0, 2, 4, 1, 3, 5).reshape(len(images), *dataset.input_shape)
    orders = np.stack([rng.permutation(tiles) for _ in range(dataset.num_classes)])
    return np.take_along_axis(
        ordered, orders[labels][:, :, None, None, None], axis=1
    ), labels.astype(np.int64)


def _image_itself(
    images: Images, labels: Labels, dataset: Dataset, rng: np.random.Generator
) -> _InputsAndTargets:
    return images, np.tanh(images).astype(np.float32)


def _surface_normals(
    images: Images, labels: Labels, dataset: Dataset, rng: np.random.Generator
) -> _InputsAndTargets:
    """Return unit normals (B, 3, H, W) of the surface whose height is the image's brightness."""
    height = images.mean(axis=1)
    slopes = [-np.gradient(height, axis=axis) for axis in (2, 1)]
    normals = np.stack([*slopes, np.ones_like(height)], axis=1)
    return images, (normals / np.linalg.norm(normals, axis=1, keepdims=True)).astype(np.float32)


def _segmentation(
    images: Images, labels: Labels, dataset: Dataset, rng: np.random.Generator
) -> _InputsAndTargets:
    """Return bands of brightness (B, H, W), one per class and all of the same size."""
    brightness = images.mean(axis=1)
    borders = np.quantile(brightness, np.linspace(0, 1, dataset.num_classes + 1)[1:-1])
    return images, np.searchsorted(borders, brightness).astype(np.int64)


def _layouts(
    images: Images, labels: Labels, dataset: Dataset, rng: np.random.Generator
) -> _InputsAndTargets:
    """Return the mean brightness of K stripes (B, K): numbers that depend on position."""
    stripes = np.array_split(images.mean(axis=1), dataset.num_classes, axis=2)
    means = np.stack([stripe.mean(axis=(1, 2)) for stripe in stripes], axis=1)
    return images, means.astype(np.float32)


TARGETS: dict[
    Target, Callable[[Images, Labels, Dataset, np.random.Generator], _InputsAndTargets]
] = {
    "label": _labels,
    "soft_label": _soft_labels,
    "permutation": _permutations,
    "image": _image_itself,
    "normal": _surface_normals,
    "segmentation": _segmentation,
    "layout": _layouts,
}
"""Maps a type of target to a function of (images, labels) that returns inputs and targets."""

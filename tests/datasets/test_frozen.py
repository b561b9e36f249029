"""Minibatches on their way: not a bit is lost, and photographs travel as bytes."""

import numpy as np
import pytest

from zcnas.datasets import Minibatch
from zcnas.datasets.frozen import freeze_minibatch, thaw_minibatch


def pictures(count=8, side=64):
    """Return pictures of 256 levels, as smooth as photographs and with their noise."""
    rng = np.random.default_rng(1)
    slope = np.add.outer(np.arange(side), np.arange(side))[None, None] * 255 / (2 * side)
    noise = rng.normal(0, 6, (count, 3, side, side))
    return np.clip(slope + noise, 0, 255).astype(np.uint8)


def normalised(levels):
    mean, deviation = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    scaled = levels.astype(np.float32) / np.float32(255)
    return (scaled - mean[None, :, None, None]) / deviation[None, :, None, None]


def thawed(inputs, targets=None):
    labels = np.arange(len(inputs)) if targets is None else targets
    content = freeze_minibatch(Minibatch(inputs, labels, "photographs"))
    return content, thaw_minibatch(content)


def test_photographs_travel_as_bytes_and_come_back_to_the_last_bit():
    levels = pictures()
    inputs, targets = normalised(levels), 2 * (levels.astype(np.float32) / np.float32(255)) - 1
    content, found = thawed(inputs, targets)
    assert found.inputs.tobytes() == inputs.tobytes()
    assert found.targets.tobytes() == targets.tobytes()
    assert found.inputs.dtype == found.targets.dtype == np.float32
    assert len(content) < 2 * levels.nbytes, "two arrays of a byte per value; as floats, eight"


@pytest.mark.parametrize(
    "inputs",
    [
        np.random.default_rng(2).normal(size=(4, 3, 16, 16)).astype(np.float32),
        np.array([0.0, -0.0, 1.0, np.inf], np.float32).reshape(1, 1, 2, 2),
        np.full((1, 1, 2, 2), np.nan, np.float32),
        np.zeros((2, 3, 4, 4), np.float64),
    ],
    ids=["more than 256 levels", "a negative zero", "not a number", "doubles"],
)
def test_what_levels_cannot_tell_travels_as_it_is(inputs):
    _, found = thawed(inputs)
    assert found.inputs.tobytes() == inputs.tobytes()
    assert found.inputs.dtype == inputs.dtype

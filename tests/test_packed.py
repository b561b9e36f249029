"""Packed images: what is lost and what is not."""

import numpy as np
import pytest

from zcnas.words.packed import NO_IMAGES, PackedImages, pack_array, pack_images


def unpacked(packed):
    return np.stack([packed.unpack(index) for index in range(len(packed.codes))])


@pytest.mark.parametrize("shape", [(5, 3, 8, 8), (5, 9, 3, 4, 4), (5, 8, 8)])
def test_a_picture_is_off_by_half_a_step_of_its_channels_range_at_most(shape):
    numbers = np.random.default_rng(0).normal(2, 3, shape).astype(np.float32)
    packed = pack_array(numbers)
    found = unpacked(packed)
    others = tuple(axis for axis in range(len(shape)) if axis != len(shape) - 3 or len(shape) == 3)
    step = np.ptp(numbers, axis=others, keepdims=True) / 255
    assert (np.abs(found - numbers) <= step * 0.501).all()
    assert (found.dtype, packed.codes.dtype) == (np.float32, np.uint8)


def test_a_photographs_bytes_survive_normalisation_and_packing():
    pixels = np.random.default_rng(1).integers(256, size=(6, 3, 16, 16), dtype=np.uint8)
    pixels[0, :, 0, :2] = 0, 255
    normalised = (pixels.astype(np.float32) / 255 - np.float32(0.47)) / np.float32(0.25)
    np.testing.assert_array_equal(pack_array(normalised).codes, pixels)


@pytest.mark.parametrize(
    ("numbers", "size"),
    [
        (np.array([0, 7, 99999]), 8),
        (np.random.default_rng(2).random((4, 75)).astype(np.float32), 4),
        (np.random.default_rng(2).integers(17, size=(2, 9, 9)), 1),
        (np.random.default_rng(2).integers(-3, 300, size=(2, 9, 9)), 8),
    ],
    ids=["labels", "distributions", "segments", "beyond a byte"],
)
def test_other_targets_lose_nothing_and_keep_their_type(numbers, size):
    packed = pack_array(numbers)
    found = unpacked(packed)
    np.testing.assert_array_equal(found, numbers)
    assert (found.dtype, packed.codes.itemsize) == (numbers.dtype, size)


def test_a_channel_of_one_value_stays_that_value():
    numbers = np.full((2, 3, 4, 4), 0.3, np.float32)
    np.testing.assert_array_equal(unpacked(pack_array(numbers)), numbers)


def test_packed_images_survive_being_taken_apart():
    packed = pack_images(np.ones((3, 3, 2, 2), np.float32), np.arange(3))
    again = PackedImages.from_arrays(packed.arrays())
    assert len(again) == 3
    assert [again.targets.unpack(index) for index in range(3)] == [0, 1, 2]
    assert len(NO_IMAGES) == 0

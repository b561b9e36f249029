"""Images of one byte per number: how the minibatches after the first one travel and are held.

A minibatch of photographs takes 25 MB as float32 and 6 MB as bytes, and most predictors read the
first one only. So the others are kept as bytes, and an image becomes numbers when it is asked for.
The first minibatch never passes through here: it is what it was before there were others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

LEVELS = 255
_CHANNELS = -3


@dataclass(frozen=True)
class PackedArray:
    """One array per image; image i is ``codes[i]`` · ``scale`` + ``offset``, in the scale's type.

    Attributes:
        codes: (M, …): uint8, or the numbers themselves where there are few of them.
        scale: () or (C, 1, 1).
        offset: The same shape and type.
    """

    codes: NDArray[Any]
    scale: NDArray[Any]
    offset: NDArray[Any]

    def unpack(self, index: int) -> NDArray[Any]:
        """Return what belongs to one image, in an array of its own."""
        numbers: NDArray[Any] = np.asarray(
            self.codes[index].astype(self.scale.dtype) * self.scale + self.offset
        )
        return numbers


@dataclass(frozen=True)
class PackedImages:
    """Images with their targets.

    Attributes:
        inputs: M of them.
        targets: As many.
    """

    inputs: PackedArray
    targets: PackedArray

    def __len__(self) -> int:
        return len(self.inputs.codes)

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """Return all there is, in the order that ``from_arrays`` takes."""
        parts = (self.inputs, self.targets)
        return tuple(array for part in parts for array in (part.codes, part.scale, part.offset))

    @classmethod
    def from_arrays(cls, arrays: tuple[NDArray[Any], ...]) -> Self:
        """Return what ``arrays`` has taken apart."""
        return cls(PackedArray(*arrays[:3]), PackedArray(*arrays[3:]))


def pack_images(inputs: NDArray[Any], targets: NDArray[Any]) -> PackedImages:
    """Return images (M, …, C, H, W) and what is asked of them (M, …), packed."""
    return PackedImages(pack_array(inputs), pack_array(targets))


def pack_array(numbers: NDArray[Any]) -> PackedArray:
    """Return an array (M, …) in bytes where that pays.

    Labels, distributions and coordinates stay as they are, and so do whole numbers beyond a byte.
    Smaller whole numbers lose nothing. What is left are pictures (M, …, C, H, W): every channel is
    cut into 255 equal steps from its least to its greatest value, like the bytes of a photograph.
    """
    one, zero = np.ones((), numbers.dtype), np.zeros((), numbers.dtype)
    if numbers.ndim <= 2 or not numbers.size:
        return PackedArray(numbers, one, zero)
    if numbers.dtype.kind in "iu":
        fits = numbers.min() >= 0 and numbers.max() <= LEVELS
        return PackedArray(numbers.astype(np.uint8) if fits else numbers, one, zero)
    channels = numbers.ndim + _CHANNELS if numbers.ndim > 3 else None
    others = tuple(axis for axis in range(numbers.ndim) if axis != channels)
    offset = numbers.min(axis=others, keepdims=True)
    scale = (numbers.max(axis=others, keepdims=True) - offset) / np.asarray(LEVELS, numbers.dtype)
    steps = (numbers - offset) / np.where(scale > 0, scale, 1)
    shape = (-1, 1, 1) if channels is not None else ()
    return PackedArray(
        np.rint(steps).clip(0, LEVELS).astype(np.uint8), scale.reshape(shape), offset.reshape(shape)
    )


NO_IMAGES = pack_images(np.empty((0, 3, 1, 1), np.float32), np.empty(0, np.int64))

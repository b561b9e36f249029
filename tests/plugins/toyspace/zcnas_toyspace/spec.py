"""An architecture as a value: ``k3w8-k1w4`` is a 3×3 convolution to 8 channels, then a 1×1 to 4."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from zcnas.errors import InvalidArchitecture

KERNELS = (1, 3)
WIDTHS = (4, 8)
LAYERS = 2

_FORM = re.compile(r"k([13])w([48])-k([13])w([48])")


@dataclass(frozen=True, order=True)
class ToySpec:
    """Two convolutions.

    Attributes:
        layers: Kernel size and channels of each.
    """

    layers: tuple[tuple[int, int], ...]

    def __str__(self) -> str:
        """Return the canonical string."""
        return "-".join(f"k{kernel}w{width}" for kernel, width in self.layers)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the canonical string.

        Raises:
            InvalidArchitecture: The text is not of the form ``k3w8-k1w4``.
        """
        match = _FORM.fullmatch(text.strip())
        if match is None:
            raise InvalidArchitecture(
                f"'{text}' is not a toyspace architecture; the form is k3w8-k1w4, kernels 1 or 3, "
                "widths 4 or 8"
            )
        first_kernel, first_width, kernel, width = map(int, match.groups())
        return cls(((first_kernel, first_width), (kernel, width)))

    @classmethod
    def enumerate(cls) -> Iterator[Self]:
        """Yield all sixteen architectures."""
        for layers in itertools.product(itertools.product(KERNELS, WIDTHS), repeat=LAYERS):
            yield cls(layers)

    @classmethod
    def sample(cls, rng: random.Random) -> Self:
        """Return one of the sixteen, each as likely as the others."""
        return cls(tuple((rng.choice(KERNELS), rng.choice(WIDTHS)) for _ in range(LAYERS)))

    def neighbours(self) -> Iterator[Self]:
        """Yield the four architectures with one kernel or one width changed."""
        for place, (kernel, width) in enumerate(self.layers):
            for changed in ((4 - kernel, width), (kernel, 12 - width)):
                layers = list(self.layers)
                layers[place] = changed
                yield type(self)(tuple(layers))

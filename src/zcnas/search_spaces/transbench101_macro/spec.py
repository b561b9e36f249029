"""An architecture of TransNAS-Bench-101's skeleton-level space as a value.

A skeleton is a row of four to six modules. A module is plain, doubles the channels, halves the
side, or does both; one to four modules halve the side and one to three double the channels. Two
notations are in use:

* the publication's code ``64-<digits>-basic`` (canonical here): one digit per module, 1 plain,
  2 twice the channels, 3 half the side, 4 both;
* NASLib's tuple of six numbers: the digits, and zeros for the modules that are not there.

Reference: Duan et al., "TransNAS-Bench-101", CVPR 2021, arXiv:2105.11871, section 3.1.
"""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from zcnas.errors import InvalidArchitecture

MODULES = (4, 5, 6)
REDUCTIONS = (1, 2, 3, 4)
DOUBLINGS = (1, 2, 3)

_MOST_MODULES = MODULES[-1]
_CODE = re.compile(r"64-([1-4]+)-basic")


@dataclass(frozen=True, order=True, slots=True)
class TransBench101MacroSpec:
    """A skeleton of TransNAS-Bench-101.

    Attributes:
        modules: The type of every module, 1 to 4, from the image to the answer.

    Raises:
        InvalidArchitecture: An unknown type, or a number of modules, of halved sides or of doubled
            channels that the space does not have.
    """

    modules: tuple[int, ...]

    def __post_init__(self) -> None:
        if not all(module in (1, 2, 3, 4) for module in self.modules):
            raise InvalidArchitecture(
                f"unknown transbench101_macro module in {self.modules}; known modules: 1 plain, "
                "2 twice the channels, 3 half the side, 4 both"
            )
        for name, count, allowed in (
            ("modules", len(self.modules), MODULES),
            ("modules that halve the side (3 or 4)", self.reductions, REDUCTIONS),
            ("modules that double the channels (2 or 4)", self.doublings, DOUBLINGS),
        ):
            if count not in allowed:
                raise InvalidArchitecture(
                    f"transbench101_macro skeleton {self.modules} has {count} {name}; "
                    f"allowed are {allowed[0]} to {allowed[-1]}"
                )

    @property
    def reductions(self) -> int:
        """How many modules halve the side."""
        return sum(module in (3, 4) for module in self.modules)

    @property
    def doublings(self) -> int:
        """How many modules double the channels."""
        return sum(module in (2, 4) for module in self.modules)

    def __str__(self) -> str:
        """Return the publication's code, e.g. ``64-1234-basic``."""
        return f"64-{''.join(map(str, self.modules))}-basic"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the skeleton that the publication's code describes.

        Raises:
            InvalidArchitecture: The text is not of the form ``64-<digits>-basic``, or the skeleton
                is not of the space.
        """
        match = _CODE.fullmatch(text.strip())
        if match is None:
            raise InvalidArchitecture(
                f"'{text}' is not a transbench101_macro architecture; "
                "the form is 64-<digits>-basic with four to six digits from 1 to 4"
            )
        return cls(tuple(map(int, match[1])))

    @classmethod
    def from_naslib(cls, numbers: Sequence[int]) -> Self:
        """Return the skeleton of NASLib's six numbers.

        Raises:
            InvalidArchitecture: Not six numbers, a zero before a module, or not of the space.
        """
        modules = tuple(number for number in numbers if number != 0)
        if tuple(numbers) != modules + (0,) * (_MOST_MODULES - len(modules)):
            raise InvalidArchitecture(
                f"{numbers} is not a transbench101_macro architecture; allowed are four to six "
                f"numbers from 1 to 4, filled up with zeros to {_MOST_MODULES}"
            )
        return cls(modules)

    def to_naslib(self) -> tuple[int, ...]:
        """Return NASLib's six numbers, the inverse of ``from_naslib``."""
        return self.modules + (0,) * (_MOST_MODULES - len(self.modules))

    @classmethod
    def enumerate(cls) -> Iterator[Self]:
        """Yield all 3,256 skeletons once, the short ones first."""
        for length in MODULES:
            for modules in itertools.product((1, 2, 3, 4), repeat=length):
                if _is_allowed(modules):
                    yield cls(modules)

    @classmethod
    def sample(cls, rng: random.Random) -> Self:
        """Return a skeleton drawn uniformly from the 3,256."""
        (length,) = rng.choices(MODULES, weights=[_count(length) for length in MODULES])
        while True:
            modules = tuple(rng.choices((1, 2, 3, 4), k=length))
            if _is_allowed(modules):
                return cls(modules)

    def neighbours(self) -> Iterator[Self]:
        """Yield the skeletons with one module changed, inserted or removed, each once."""
        modules = self.modules
        edits: dict[tuple[int, ...], None] = {}
        for position in range(len(modules) + 1):
            before, after = modules[:position], modules[position:]
            for module in (1, 2, 3, 4):
                edits[(*before, module, *after)] = None
                if after:
                    edits[(*before, module, *after[1:])] = None
            if after:
                edits[(*before, *after[1:])] = None
        for edit in edits:
            if edit != modules and len(edit) in MODULES and _is_allowed(edit):
                yield type(self)(edit)


def _is_allowed(modules: tuple[int, ...]) -> bool:
    reductions = sum(module in (3, 4) for module in modules)
    doublings = sum(module in (2, 4) for module in modules)
    return reductions in REDUCTIONS and doublings in DOUBLINGS


def _count(length: int) -> int:
    """Return how many skeletons of ``length`` modules there are: Σ C(L, p) · Σ C(L, q)."""
    return sum(math.comb(length, p) for p in REDUCTIONS) * sum(
        math.comb(length, q) for q in DOUBLINGS
    )

"""An architecture of TransNAS-Bench-101's cell-level space as a value.

A cell has four nodes; every pair (i, j) with i < j is an edge that carries one of four operations,
and a node is the sum of its incoming edges. Three notations are in use:

* the publication's code ``64-41414-a_bc_def`` (canonical here): one digit per edge, ordered by
  target node, 0 zero, 1 identity, 2 convolution 1×1, 3 convolution 3×3;
* NAS-Bench-Suite-Zero's tuple for the seven Taskonomy tasks: the six digits of the code;
* NASLib's tuple for svhn, ninapro and scifar100: edges ordered by source node, 0 identity, 1 zero,
  2 convolution 3×3, 3 convolution 1×1. The same six numbers are another cell than above.

Reference: Duan et al., "TransNAS-Bench-101", CVPR 2021, arXiv:2105.11871, section 3.1.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from zcnas.errors import InvalidArchitecture

OPS = ("zero", "identity", "conv_1x1", "conv_3x3")
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""(source, target) of each edge, by target: the order of the code and of ``ops``."""

MACRO = "41414"
"""Types of the five modules around every cell: 1 plain, 4 twice the channels at half the side."""

_NASLIB_OPS = ("identity", "zero", "conv_3x3", "conv_1x1")
_NASLIB_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
_CODE = re.compile(rf"64-{MACRO}-([0-3])_([0-3])([0-3])_([0-3])([0-3])([0-3])")


@dataclass(frozen=True, order=True, slots=True)
class TransBench101MicroSpec:
    """A cell of TransNAS-Bench-101.

    Attributes:
        ops: The operation of each of the six edges, in the order of ``EDGES``.

    Raises:
        InvalidArchitecture: Not six operations, or an operation is unknown.
    """

    ops: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.ops) != len(EDGES):
            raise InvalidArchitecture(
                f"a transbench101_micro cell has {len(EDGES)} operations, "
                f"not {len(self.ops)}: {self.ops}"
            )
        for op in self.ops:
            if op not in OPS:
                raise InvalidArchitecture(
                    f"unknown transbench101_micro operation '{op}'; "
                    f"known operations: {', '.join(OPS)}"
                )

    def __str__(self) -> str:
        """Return the publication's code, e.g. ``64-41414-3_33_333``."""
        a, b, c, d, e, f = (OPS.index(op) for op in self.ops)
        return f"64-{MACRO}-{a}_{b}{c}_{d}{e}{f}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cell that the publication's code describes.

        Raises:
            InvalidArchitecture: The text is not of the form ``64-41414-a_bc_def``.
        """
        match = _CODE.fullmatch(text.strip())
        if match is None:
            raise InvalidArchitecture(
                f"'{text}' is not a transbench101_micro architecture; "
                f"the form is 64-{MACRO}-a_bc_def with digits from 0 to {len(OPS) - 1}"
            )
        return cls(tuple(OPS[int(digit)] for digit in match.groups()))

    @classmethod
    def from_numbers(cls, numbers: Sequence[int]) -> Self:
        """Return the cell of the code's six digits, the notation of the Taskonomy tasks.

        Raises:
            InvalidArchitecture: Not six numbers, or a number outside 0..3.
        """
        _check_numbers(numbers)
        return cls(tuple(OPS[number] for number in numbers))

    def to_numbers(self) -> tuple[int, ...]:
        """Return the code's six digits, the inverse of ``from_numbers``."""
        return tuple(OPS.index(op) for op in self.ops)

    @classmethod
    def from_naslib(cls, numbers: Sequence[int]) -> Self:
        """Return the cell of NASLib's six numbers, the notation of svhn, ninapro and scifar100.

        Raises:
            InvalidArchitecture: Not six numbers, or a number outside 0..3.
        """
        _check_numbers(numbers)
        op_on = dict(zip(_NASLIB_EDGES, (_NASLIB_OPS[number] for number in numbers), strict=True))
        return cls(tuple(op_on[edge] for edge in EDGES))

    def to_naslib(self) -> tuple[int, ...]:
        """Return NASLib's six numbers, the inverse of ``from_naslib``."""
        op_on = dict(zip(EDGES, self.ops, strict=True))
        return tuple(_NASLIB_OPS.index(op_on[edge]) for edge in _NASLIB_EDGES)

    @classmethod
    def enumerate(cls) -> Iterator[Self]:
        """Yield all 4,096 cells once, in the order of their codes."""
        for ops in itertools.product(OPS, repeat=len(EDGES)):
            yield cls(ops)

    @classmethod
    def sample(cls, rng: random.Random) -> Self:
        """Return a cell drawn uniformly from the 4,096."""
        return cls(tuple(rng.choices(OPS, k=len(EDGES))))

    def neighbours(self) -> Iterator[Self]:
        """Yield the 18 cells that differ in the operation of one edge."""
        for position, current in enumerate(self.ops):
            for op in OPS:
                if op != current:
                    yield type(self)((*self.ops[:position], op, *self.ops[position + 1 :]))


def _check_numbers(numbers: Sequence[int]) -> None:
    if len(numbers) != len(EDGES) or not all(0 <= number < len(OPS) for number in numbers):
        raise InvalidArchitecture(
            f"{numbers} is not a transbench101_micro architecture; "
            f"allowed are {len(EDGES)} numbers from 0 to {len(OPS) - 1}"
        )

"""The cell that NAS-Bench-201 and TransNAS-Bench-101 have in common, as a value.

Four nodes; node 0 is the input and node 3 the output. Every pair (i, j) with i < j is an edge that
carries one operation, and a node is the sum of its incoming edges. The two spaces differ in their
operations and in how they write a cell down.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from zcnas.errors import InvalidArchitecture

EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""(source, target) of each edge, ordered by target: the order of ``FourNodeCellSpec.ops``."""
_NASLIB_EDGES = tuple(sorted(EDGES))


@dataclass(frozen=True, order=True, slots=True)
class FourNodeCellSpec:
    """A cell of four nodes. A search space fills in its names.

    Attributes:
        ops: The operation of each of the six edges, in the order of ``EDGES``.

    Raises:
        InvalidArchitecture: Not six operations, or an operation is unknown.
    """

    SEARCH_SPACE: ClassVar[str]
    OPS: ClassVar[tuple[str, ...]]
    NASLIB_OPS: ClassVar[tuple[str, ...]]

    ops: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.ops) != len(EDGES):
            raise InvalidArchitecture(
                f"a {self.SEARCH_SPACE} cell has {len(EDGES)} operations, "
                f"not {len(self.ops)}: {self.ops}"
            )
        for op in self.ops:
            if op not in self.OPS:
                raise InvalidArchitecture(
                    f"unknown {self.SEARCH_SPACE} operation '{op}'; "
                    f"known operations: {', '.join(self.OPS)}"
                )

    @classmethod
    def from_numbers(cls, numbers: Sequence[int]) -> Self:
        """Return the cell of six indices into ``OPS``, edges ordered by target.

        Raises:
            InvalidArchitecture: Not six numbers, or a number without an operation.
        """
        cls._check_numbers(numbers)
        return cls(tuple(cls.OPS[number] for number in numbers))

    def to_numbers(self) -> tuple[int, ...]:
        """Return six indices into ``OPS``, the inverse of ``from_numbers``."""
        return tuple(self.OPS.index(op) for op in self.ops)

    @classmethod
    def from_naslib(cls, numbers: Sequence[int]) -> Self:
        """Return the cell of NASLib's six numbers: indices into ``NASLIB_OPS``, edges by source.

        Raises:
            InvalidArchitecture: Not six numbers, or a number without an operation.
        """
        cls._check_numbers(numbers)
        numbers_on = dict(zip(_NASLIB_EDGES, numbers, strict=True))
        return cls(tuple(cls.NASLIB_OPS[numbers_on[edge]] for edge in EDGES))

    def to_naslib(self) -> tuple[int, ...]:
        """Return NASLib's six numbers, the inverse of ``from_naslib``."""
        op_on = dict(zip(EDGES, self.ops, strict=True))
        return tuple(self.NASLIB_OPS.index(op_on[edge]) for edge in _NASLIB_EDGES)

    @classmethod
    def enumerate(cls) -> Iterator[Self]:
        """Yield every cell once, in the order of their numbers."""
        for ops in itertools.product(cls.OPS, repeat=len(EDGES)):
            yield cls(ops)

    @classmethod
    def sample(cls, rng: random.Random) -> Self:
        """Return a cell drawn uniformly."""
        return cls(tuple(rng.choices(cls.OPS, k=len(EDGES))))

    def neighbours(self) -> Iterator[Self]:
        """Yield the cells that differ in the operation of one edge."""
        for position, current in enumerate(self.ops):
            for op in self.OPS:
                if op != current:
                    yield type(self)((*self.ops[:position], op, *self.ops[position + 1 :]))

    @classmethod
    def _check_numbers(cls, numbers: Sequence[int]) -> None:
        if len(numbers) != len(EDGES) or not all(0 <= n < len(cls.OPS) for n in numbers):
            raise InvalidArchitecture(
                f"{numbers} is not a {cls.SEARCH_SPACE} architecture; "
                f"allowed are {len(EDGES)} numbers from 0 to {len(cls.OPS) - 1}"
            )

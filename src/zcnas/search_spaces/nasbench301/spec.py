"""An architecture of NAS-Bench-301, the search space of DARTS, as a value.

A cell has two inputs, 0 and 1, and four nodes, 2 to 5. Every node is the sum of two edges, each an
operation on an input or an earlier node; the two come from different places. The cell's output is
the concatenation of its nodes. An architecture is a normal and a reduction cell. Three notations
are in use:

* ``|op~i|op~j|+|op~i|op~j|+|op~i|op~j|+|op~i|op~j|;…`` (canonical here): node by node, a ``;``
  between the normal and the reduction cell, the edges of a node ordered by source;
* the genotype of DARTS: per cell eight (op, source);
* NASLib's compact form: per cell eight (source, number of the op).

Reference: Liu, Simonyan and Yang, "DARTS", ICLR 2019, arXiv:1806.09055; Zela et al., "Surrogate
NAS Benchmarks: Going Beyond the Limited Search Spaces of Tabular NAS Benchmarks", ICLR 2022,
arXiv:2008.09777.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from zcnas.errors import InvalidArchitecture

OPS = (
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""The operations in the order of NASLib's numbers."""

INPUTS = 2
NODES = 4
EDGES = 2 * NODES

Edge = tuple[str, int]
Cell = tuple[Edge, ...]

_FORM = "|op~i|op~j|+|op~i|op~j|+|op~i|op~j|+|op~i|op~j|;|op~i|…"


@dataclass(frozen=True, order=True, slots=True)
class NasBench301Spec:
    """A pair of DARTS cells.

    Attributes:
        normal: The (op, source) of eight edges, two per node; the edges of a node by source.
        reduction: Likewise.

    Raises:
        InvalidArchitecture: Not eight edges, an unknown operation, or sources that a node cannot
            have.
    """

    normal: Cell
    reduction: Cell

    def __post_init__(self) -> None:
        _check_cell(self.normal, "normal")
        _check_cell(self.reduction, "reduction")

    def __str__(self) -> str:
        """Return the normal and the reduction cell, node by node."""
        return ";".join(
            "+".join(
                "".join(f"|{op}~{source}" for op, source in pair) + "|" for pair in pairs_of(cell)
            )
            for cell in (self.normal, self.reduction)
        )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the architecture that the string describes.

        Raises:
            InvalidArchitecture: The string has another form, or the cells are not of the space.
        """
        cells = [
            [
                entry.partition("~")
                for pair in cell.split("+")
                for entry in pair.strip("|").split("|")
            ]
            for cell in text.strip().split(";")
        ]
        if len(cells) != 2 or not all(s.isdecimal() for cell in cells for _, _, s in cell):
            raise InvalidArchitecture(
                f"'{text}' is not a nasbench301 architecture; the form is {_FORM}"
            )
        return cls.from_genotype(*([(op, int(source)) for op, _, source in cell] for cell in cells))

    @classmethod
    def from_genotype(cls, normal: Sequence[Edge], reduction: Sequence[Edge]) -> Self:
        """Return the architecture of a DARTS genotype; the order of a node's edges is free.

        Raises:
            InvalidArchitecture: The cells are not of the space.
        """
        return cls(_ordered(normal), _ordered(reduction))

    @classmethod
    def from_naslib(cls, cells: Sequence[Sequence[Sequence[int]]]) -> Self:
        """Return the architecture of NASLib's compact form: two times eight (source, op number).

        Raises:
            InvalidArchitecture: Another form, or the cells are not of the space.
        """
        if len(cells) != 2 or not all(
            len(edge) == 2 and 0 <= edge[1] < len(OPS) for cell in cells for edge in cell
        ):
            raise InvalidArchitecture(
                f"{cells} is not a nasbench301 architecture; allowed are two cells of {EDGES} "
                f"pairs (source, operation from 0 to {len(OPS) - 1})"
            )
        return cls.from_genotype(*([(OPS[op], source) for source, op in cell] for cell in cells))

    def to_naslib(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Return NASLib's compact form with the edges of a node by source."""
        return tuple(
            tuple((source, OPS.index(op)) for op, source in cell)
            for cell in (self.normal, self.reduction)
        )

    @classmethod
    def enumerate(cls) -> Iterator[Self]:
        """Yield every architecture once; there are (7⁸ · 1 · 3 · 6 · 10)², about 10¹⁸."""
        for normal in _all_cells():
            for reduction in _all_cells():
                yield cls(normal, reduction)

    @classmethod
    def sample(cls, rng: random.Random) -> Self:
        """Return an architecture drawn uniformly from the space."""
        return cls(_sampled_cell(rng), _sampled_cell(rng))

    def neighbours(self) -> Iterator[Self]:
        """Yield the 120 architectures with one operation or one source changed."""
        for cell in _edited(self.normal):
            yield type(self)(cell, self.reduction)
        for cell in _edited(self.reduction):
            yield type(self)(self.normal, cell)


def pairs_of(cell: Sequence[Edge]) -> list[Sequence[Edge]]:
    """Return the two edges of every node, the nodes in order."""
    return [cell[start : start + 2] for start in range(0, len(cell), 2)]


def _ordered(cell: Sequence[Edge]) -> Cell:
    pairs = (sorted(pair, key=lambda edge: edge[1]) for pair in pairs_of(cell))
    return tuple(edge for pair in pairs for edge in pair)


def _all_cells() -> Iterator[Cell]:
    choices = [
        [
            ((first, low), (second, high))
            for low, high in itertools.combinations(range(node), 2)
            for first, second in itertools.product(OPS, repeat=2)
        ]
        for node in range(INPUTS, INPUTS + NODES)
    ]
    for pairs in itertools.product(*choices):
        yield tuple(edge for pair in pairs for edge in pair)


def _sampled_cell(rng: random.Random) -> Cell:
    return tuple(
        (rng.choice(OPS), source)
        for node in range(INPUTS, INPUTS + NODES)
        for source in sorted(rng.sample(range(node), 2))
    )


def _edited(cell: Cell) -> Iterator[Cell]:
    """Yield the 60 cells with one operation or one source changed."""
    for position, (op, source) in enumerate(cell):
        other = cell[position ^ 1][1]
        edges = [(new, source) for new in OPS if new != op]
        edges += [(op, new) for new in range(INPUTS + position // 2) if new not in (source, other)]
        for edge in edges:
            yield _ordered((*cell[:position], edge, *cell[position + 1 :]))


def _check_cell(cell: Cell, name: str) -> None:
    if len(cell) != EDGES:
        raise InvalidArchitecture(
            f"a nasbench301 {name} cell has {EDGES} edges, not {len(cell)}: {cell}"
        )
    for op, _ in cell:
        if op not in OPS:
            raise InvalidArchitecture(
                f"unknown nasbench301 operation '{op}'; known operations: {', '.join(OPS)}"
            )
    for node, ((_, low), (_, high)) in enumerate(pairs_of(cell), start=INPUTS):
        if not 0 <= low < high < node:
            raise InvalidArchitecture(
                f"node {node} of the nasbench301 {name} cell has the sources {low} and {high}; "
                f"allowed are two different ones from 0 to {node - 1}, the smaller first"
            )

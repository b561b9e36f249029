"""An architecture of NAS-Bench-101 as a value.

A cell is a directed acyclic graph of two to seven vertices and at most nine edges. Vertex 0 is its
input and the last vertex its output; every other vertex carries one of three operations and lies
on a path between the two. Notations in use:

* ``0110/0011/0001/0000:input,conv3x3-bn-relu,maxpool3x3,output`` (canonical here): the rows of the
  adjacency matrix, then the operations;
* the publication's adjacency matrix and list of operations, possibly with vertices on no path;
* NASLib's tuple: the matrix row by row, then one number per vertex.

Two drawings of one cell are different values with the same ``module_hash``. They are kept apart
because the publication's network depends on the drawing: where 128 channels do not divide evenly,
the vertices drawn first get one more.

Reference: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML
2019, arXiv:1902.09635, section 2.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from zcnas.errors import InvalidArchitecture
from zcnas.search_spaces.nasbench101 import graph
from zcnas.search_spaces.nasbench101.graph import Matrix

INPUT, OUTPUT = "input", "output"
OPS = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
"""The operations in the order of the publication's module hash."""

MAX_VERTICES = 7
MAX_EDGES = 9

_NASLIB_OPS = (INPUT, OUTPUT, "maxpool3x3", "conv1x1-bn-relu", "conv3x3-bn-relu")


@dataclass(frozen=True, order=True, slots=True)
class NasBench101Spec:
    """A drawn cell of NAS-Bench-101 without idle vertices.

    Attributes:
        matrix: (V, V) of zeros and ones; row = source, column = target; upper triangular.
        ops: ``input``, the operations of the inner vertices, ``output``.

    Raises:
        InvalidArchitecture: The matrix is not of that form, an operation is unknown, the cell is
            too large, or a vertex lies on no path from input to output.
    """

    matrix: Matrix
    ops: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_drawing(self.matrix, self.ops)
        edges = sum(map(sum, self.matrix))
        if edges > MAX_EDGES:
            raise InvalidArchitecture(
                f"a nasbench101 cell with {edges} edges: {self}; at most {MAX_EDGES} are allowed"
            )
        idle = set(range(len(self.ops))) - set(graph.used_vertices(self.matrix))
        if idle:
            raise InvalidArchitecture(
                f"vertices {sorted(idle)} of the nasbench101 cell {self} lie on no path from input "
                "to output; connect them, or remove them with NasBench101Spec.pruned"
            )

    def __str__(self) -> str:
        """Return the rows of the matrix and the operations."""
        rows = "/".join("".join(map(str, row)) for row in self.matrix)
        return f"{rows}:{','.join(self.ops)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cell of the canonical string.

        Raises:
            InvalidArchitecture: The text has another form, or the cell is not of the space.
        """
        rows, colon, ops = text.strip().partition(":")
        if not colon or not set(rows) <= set("01/"):
            raise InvalidArchitecture(
                f"'{text}' is not a nasbench101 architecture; the form is the rows of the "
                f"adjacency matrix and the operations: 01/00:{INPUT},{OUTPUT}"
            )
        matrix = tuple(tuple(map(int, row)) for row in rows.split("/"))
        return cls(matrix, tuple(ops.split(",")))

    @classmethod
    def pruned(cls, matrix: Sequence[Sequence[int]], ops: Sequence[str]) -> Self:
        """Return the cell without the vertices that lie on no path from input to output.

        Raises:
            InvalidArchitecture: No path leads from input to output, or what remains is not of the
                space.
        """
        drawn = tuple(tuple(int(entry) for entry in row) for row in matrix)
        _check_drawing(drawn, tuple(ops))
        used = graph.used_vertices(drawn)
        if not used:
            raise InvalidArchitecture(
                f"no path leads from input to output in the nasbench101 cell {drawn}; "
                "connect the first vertex with the last"
            )
        kept = tuple(tuple(drawn[source][target] for target in used) for source in used)
        return cls(kept, tuple(ops[vertex] for vertex in used))

    @classmethod
    def from_naslib(cls, numbers: Sequence[int]) -> Self:
        """Return the pruned cell of NASLib's V² + V numbers.

        Raises:
            InvalidArchitecture: Another length, an unknown operation, or not of the space.
        """
        vertices = (math.isqrt(1 + 4 * len(numbers)) - 1) // 2
        square = vertices * vertices
        codes = numbers[square:]
        known = all(0 <= code < len(_NASLIB_OPS) for code in codes)
        if not codes or square + vertices != len(numbers) or not known:
            raise InvalidArchitecture(
                f"{tuple(numbers)} is not a nasbench101 architecture; allowed are V² zeros and "
                f"ones and V numbers from 0 to {len(_NASLIB_OPS) - 1}"
            )
        rows = [numbers[start : start + vertices] for start in range(0, square, vertices)]
        return cls.pruned(rows, [_NASLIB_OPS[code] for code in codes])

    def to_naslib(self) -> tuple[int, ...]:
        """Return NASLib's numbers of the cell, the inverse of ``from_naslib``."""
        entries = (entry for row in self.matrix for entry in row)
        return (*entries, *map(_NASLIB_OPS.index, self.ops))

    def module_hash(self) -> str:
        """Return the publication's hash: 32 hex digits, equal for isomorphic cells."""
        return graph.module_hash(self.matrix, (-1, *map(OPS.index, self.ops[1:-1]), -2))

    def canonical(self) -> Self:
        """Return the drawing that all isomorphic cells share, the one ``enumerate`` yields."""
        return self._drawn(self._edges(), self.ops[1:-1])

    @classmethod
    def enumerate(cls) -> Iterator[Self]:
        """Yield all 423,624 cells once, the small ones first, each in its canonical drawing."""
        for skeleton in _all_skeletons():
            for row in range(len(skeleton.labellings)):
                yield cls._labelled(skeleton, row)

    @classmethod
    def sample(cls, rng: random.Random) -> Self:
        """Return a cell drawn uniformly from the 423,624, in its canonical drawing."""
        all_skeletons = _all_skeletons()
        sizes = [len(skeleton.labellings) for skeleton in all_skeletons]
        (skeleton,) = rng.choices(all_skeletons, weights=sizes)
        return cls._labelled(skeleton, rng.randrange(len(skeleton.labellings)))

    def neighbours(self) -> Iterator[Self]:
        """Yield the other cells that one edit leads to, each once, in canonical drawings.

        An edit changes an operation, removes an edge (and prunes what is cut off), adds an edge
        that closes no cycle, or adds a vertex with one edge into it and one out of it.
        """
        seen = {self.canonical()}
        for cell in self._edited():
            if cell not in seen:
                seen.add(cell)
                yield cell

    def _edited(self) -> Iterator[Self]:
        inner, edges = self.ops[1:-1], self._edges()
        for position in range(len(inner)):
            for op in OPS:
                yield self._drawn(edges, (*inner[:position], op, *inner[position + 1 :]))
        for edge in edges:
            fewer = [list(row) for row in self.matrix]
            fewer[edge[0]][edge[1]] = 0
            if graph.used_vertices(tuple(map(tuple, fewer))):
                yield type(self).pruned(fewer, self.ops).canonical()
        last = len(inner) + 1
        pairs = [(a, b) for a in range(last) for b in range(1, last + 1) if a != b]
        for pair in pairs:
            if len(edges) < MAX_EDGES and pair not in edges and not self._reaches(*reversed(pair)):
                yield self._drawn([*edges, pair], inner)
            if len(edges) + 2 <= MAX_EDGES and len(self.ops) < MAX_VERTICES and pair[0] < pair[1]:
                # The new vertex takes the output's number, and the output moves up by one.
                moved = [(a, b + (b == last)) for a, b in (*edges, pair)]
                source, target = moved.pop()
                for op in OPS:
                    yield self._drawn([*moved, (source, last), (last, target)], (*inner, op))

    def _reaches(self, source: int, target: int) -> bool:
        return self.matrix[source][target] == 1 or any(
            entry and self._reaches(vertex, target)
            for vertex, entry in enumerate(self.matrix[source])
        )

    def _edges(self) -> list[tuple[int, int]]:
        return [
            (source, target)
            for source, row in enumerate(self.matrix)
            for target, entry in enumerate(row)
            if entry
        ]

    @classmethod
    def _drawn(cls, edges: Sequence[tuple[int, int]], inner_ops: Sequence[str]) -> Self:
        matrix, labels = graph.canonical_drawing(edges, [OPS.index(op) for op in inner_ops])
        return cls(matrix, (INPUT, *(OPS[label] for label in labels), OUTPUT))

    @classmethod
    def _labelled(cls, skeleton: graph.Skeleton, row: int) -> Self:
        matrix = graph.matrix_of_number(skeleton.number, skeleton.vertices)
        labels = skeleton.labellings[row].tolist()
        return cls(matrix, (INPUT, *(OPS[label] for label in labels), OUTPUT))


def _all_skeletons() -> list[graph.Skeleton]:
    return [
        skeleton
        for vertices in range(2, MAX_VERTICES + 1)
        for skeleton in graph.skeletons(vertices, MAX_EDGES, len(OPS))
    ]


def _check_drawing(matrix: Matrix, ops: tuple[str, ...]) -> None:
    """Raise ``InvalidArchitecture`` unless matrix and operations have the form of a cell."""
    vertices = len(matrix)
    if any(len(row) != vertices for row in matrix) or len(ops) != vertices:
        raise InvalidArchitecture(
            f"a nasbench101 cell of {len(ops)} operations needs a square matrix of that size, "
            f"not one with rows of {[len(row) for row in matrix]}"
        )
    if not 2 <= vertices <= MAX_VERTICES:
        raise InvalidArchitecture(
            f"a nasbench101 cell with {vertices} vertices: {ops}; 2 to {MAX_VERTICES} are allowed"
        )
    if ops[0] != INPUT or ops[-1] != OUTPUT:
        raise InvalidArchitecture(
            f"the operations of a nasbench101 cell go from '{INPUT}' to '{OUTPUT}', not {ops}"
        )
    for op in ops[1:-1]:
        if op not in OPS:
            raise InvalidArchitecture(
                f"unknown nasbench101 operation '{op}'; known operations: {', '.join(OPS)}"
            )
    for source, row in enumerate(matrix):
        for target, entry in enumerate(row):
            if entry not in (0, 1) or (entry and source >= target):
                raise InvalidArchitecture(
                    f"entry {entry} at row {source}, column {target} of a nasbench101 matrix; "
                    "allowed are 0, and 1 to the right of the diagonal"
                )

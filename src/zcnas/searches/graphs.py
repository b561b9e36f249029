"""Cells as graphs of operations: what path encodings and graph networks see of an architecture.

    input ──▶ nor_conv_3x3 ──▶ skip_connect ──▶ output

A vertex is an operation, an edge says that one works on what another made. Operations that sit on
the edges of a cell become vertices, empty ones vanish. Dimension letters: N architectures, V
vertices, L labels, P paths.

Reference: White et al., "BANANAS", AAAI 2021, arXiv:1910.11858, section 4 (the path encoding, cut
to the likeliest paths); Dudziak et al., "BRP-NAS", NeurIPS 2020, arXiv:2007.08668 (operations as
vertices).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zcnas.analyses.features import EMPTY
from zcnas.benchmarks import Spec
from zcnas.errors import SearchError
from zcnas.search_spaces.four_node_cell import EDGES
from zcnas.search_spaces.nasbench301.spec import INPUTS

INPUT, OUTPUT = "input", "output"
MOST_PATHS = 500
"""Paths of an encoding; where the candidates have more, those that most of them have are kept."""

Path = tuple[str, ...]


@dataclass(frozen=True)
class OperationGraph:
    """An architecture's operations in topological order.

    Attributes:
        labels: Of its V vertices; the first is the input, the last the output.
        edges: (source, target), source < target.
    """

    labels: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]

    def paths(self) -> frozenset[Path]:
        """Return the operations along each path from the input to the output."""
        ways: list[set[Path]] = [set() for _ in self.labels]
        ways[0].add(())
        last = len(self.labels) - 1
        for source, target in sorted(self.edges):
            own = () if target == last else (self.labels[target],)
            ways[target] |= {(*way, *own) for way in ways[source]}
        return frozenset(ways[last])


def operation_graph(search_space: str, spec: Spec) -> OperationGraph:
    """Return an architecture as a graph of operations.

    Raises:
        SearchError: Nobody has told how this space's architectures are graphs.
    """
    if search_space not in GRAPHS:
        raise SearchError(
            f"architectures of {search_space} have no graph of operations here; spaces with one: "
            f"{', '.join(GRAPHS)}: take the features encoding"
        )
    return GRAPHS[search_space](spec)


def encode_paths(graphs: Sequence[OperationGraph]) -> NDArray[np.float64]:
    """Return (N, P): one where an architecture has a path, in the order of the paths."""
    found = [graph.paths() for graph in graphs]
    counts = Counter(path for paths in found for path in paths)
    kept = sorted(sorted(counts), key=lambda path: -counts[path])[:MOST_PATHS]
    column_of = {path: number for number, path in enumerate(sorted(kept))}
    encoded = np.zeros((len(found), len(column_of)))
    for row, paths in enumerate(found):
        encoded[row, [column_of[path] for path in paths if path in column_of]] = 1.0
    return encoded


def matrices(
    graphs: Sequence[OperationGraph],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return adjacency (N, V, V), row = source, and one-hot labels (N, V, L), padded by zeros."""
    labels = sorted({label for graph in graphs for label in graph.labels})
    label_of = {label: number for number, label in enumerate(labels)}
    size = max(len(graph.labels) for graph in graphs)
    adjacency = np.zeros((len(graphs), size, size), dtype=np.float32)
    one_hot = np.zeros((len(graphs), size, len(labels)), dtype=np.float32)
    for row, graph in enumerate(graphs):
        for source, target in graph.edges:
            adjacency[row, source, target] = 1.0
        for vertex, label in enumerate(graph.labels):
            one_hot[row, vertex, label_of[label]] = 1.0
    return adjacency, one_hot


def _of_four_nodes(spec: Any) -> OperationGraph:
    """Return operations of edges as vertices; the order of ``EDGES`` is topological."""
    places = [at for at, op in enumerate(spec.ops) if op not in EMPTY]
    last = len(places) + 1
    edges = []
    for number, at in enumerate(places, start=1):
        source, target = EDGES[at]
        if source == 0:
            edges.append((0, number))
        if target == EDGES[-1][1]:
            edges.append((number, last))
        edges += [(number, other) for other, to in enumerate(places, 1) if EDGES[to][0] == target]
    return OperationGraph((INPUT, *(spec.ops[at] for at in places), OUTPUT), tuple(edges))


def _of_101(spec: Any) -> OperationGraph:
    size = len(spec.ops)
    edges = [(i, j) for i in range(size) for j in range(size) if spec.matrix[i][j]]
    return OperationGraph((INPUT, *spec.ops[1:-1], OUTPUT), tuple(edges))


def _of_301(spec: Any) -> OperationGraph:
    """Return both cells in one graph, side by side; their vertices are told apart by name."""
    labels, edges, ends = [INPUT], [], []
    for kind in ("normal", "reduction"):
        makers: list[list[int]] = []
        for number in range(INPUTS):
            labels.append(f"{kind} input {number}")
            edges.append((0, len(labels) - 1))
            makers.append([len(labels) - 1])
        cell = getattr(spec, kind)
        for first in range(0, len(cell), 2):
            own = []
            for op, source in cell[first : first + 2]:
                labels.append(f"{kind} {op}")
                own.append(len(labels) - 1)
                edges += [(maker, own[-1]) for maker in makers[source]]
            makers.append(own)
        ends += [vertex for own in makers[INPUTS:] for vertex in own]
    edges += [(vertex, len(labels)) for vertex in ends]
    return OperationGraph((*labels, OUTPUT), tuple(edges))


GRAPHS: dict[str, Callable[[Any], OperationGraph]] = {
    "nasbench101": _of_101,
    "nasbench201": _of_four_nodes,
    "nasbench301": _of_301,
    "transbench101_micro": _of_four_nodes,
}
"""A chain of modules, as of TransNAS-Bench-101's macro space, is one path: no graph helps there."""

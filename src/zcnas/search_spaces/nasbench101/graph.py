"""What NAS-Bench-101 needs of graph theory: pruning, the module hash, canonical drawings, counting.

A graph here is a drawing: an upper triangular adjacency matrix, row = source, column = target,
vertex 0 the input and the last vertex the output. Isomorphic drawings are one cell. Labels of
inner vertices are small numbers; what they mean is ``spec.py``'s business.

Reference: Ying et al., "NAS-Bench-101: Towards Reproducible Neural Architecture Search", ICML
2019, arXiv:1902.09635; the hash is described by Ying, "Enumerating Unique Computational Graphs via
an Iterative Graph Invariant", 2019, arXiv:1902.06192.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = tuple[tuple[int, ...], ...]


def used_vertices(matrix: Matrix) -> list[int]:
    """Return the vertices that lie on a path from the input to the output, in order.

    The list is empty if there is no such path.
    """
    last = len(matrix) - 1
    from_input, to_output = {0}, {last}
    for vertex in range(1, last + 1):
        if any(matrix[source][vertex] for source in from_input):
            from_input.add(vertex)
    for vertex in range(last - 1, -1, -1):
        if any(matrix[vertex][target] for target in to_output):
            to_output.add(vertex)
    return sorted(from_input & to_output) if last in from_input else []


def module_hash(matrix: Matrix, labels: Sequence[int]) -> str:
    """Return the published isomorphism-invariant hash of a pruned cell, 32 hex digits.

    Every vertex starts from the MD5 of its (out-degree, in-degree, label). V times, all at once,
    it becomes the MD5 of its sorted predecessors' hashes, a bar, its sorted successors' hashes, a
    bar and its own. The result is the MD5 of the printed sorted list.

    Args:
        matrix: (V, V).
        labels: -1 of the input, -2 of the output, the index of the operation otherwise.
    """
    vertices = range(len(matrix))
    sources = [[s for s in vertices if matrix[s][v]] for v in vertices]
    targets = [[t for t in vertices if matrix[v][t]] for v in vertices]
    hashes = [_md5(str((len(targets[v]), len(sources[v]), labels[v]))) for v in vertices]
    for _ in vertices:
        hashes = [
            _md5(f"{_joined(hashes, sources[v])}|{_joined(hashes, targets[v])}|{hashes[v]}")
            for v in vertices
        ]
    return _md5(str(sorted(hashes)))


def canonical_drawing(
    edges: Iterable[tuple[int, int]], labels: Sequence[int]
) -> tuple[Matrix, tuple[int, ...]]:
    """Return the one drawing that all isomorphic cells share: adjacency matrix and inner labels.

    It is the upper triangular drawing with the smallest edge number, and of those the one with
    the smallest labels. The edge number has bit k set if the k-th pair (0, 1), (0, 2), … (1, 2),
    … is an edge.

    Args:
        edges: (source, target) of an acyclic graph whose first vertex is the input and whose last
            is the output.
        labels: Of the V - 2 inner vertices.
    """
    vertices = len(labels) + 2
    bit = _bit_of_pair(vertices)
    edges = list(edges)
    best: tuple[int, tuple[int, ...]] | None = None
    for places in _placements(vertices):
        placed = [(places[source], places[target]) for source, target in edges]
        if any(source >= target for source, target in placed):
            continue
        number = sum(1 << bit[pair] for pair in placed)
        if best is None or number <= best[0]:
            moved = [0] * len(labels)
            for vertex, label in enumerate(labels, start=1):
                moved[places[vertex] - 1] = label
            candidate = (number, tuple(moved))
            best = candidate if best is None else min(best, candidate)
    assert best is not None, "an acyclic graph has a topological order"
    return matrix_of_number(best[0], vertices), best[1]


def matrix_of_number(number: int, vertices: int) -> Matrix:
    """Return the adjacency matrix of an edge number."""
    rows = [[0] * vertices for _ in range(vertices)]
    for (source, target), bit in _bit_of_pair(vertices).items():
        rows[source][target] = number >> bit & 1
    return tuple(map(tuple, rows))


@dataclass(frozen=True)
class Skeleton:
    """A class of isomorphic unlabelled graphs, and its labellings up to symmetry.

    Attributes:
        vertices: V.
        number: The edge number of the canonical drawing.
        labellings: (L, V - 2), one row per cell, each canonical.
    """

    vertices: int
    number: int
    labellings: NDArray[np.int8]


@functools.cache
def skeletons(vertices: int, max_edges: int, label_count: int) -> tuple[Skeleton, ...]:
    """Return every graph of V vertices, each on a path from input to output, with its labellings.

    All drawings are held as numbers in one array, and all placements of the inner vertices are
    applied to the whole array at once; a drawing is kept if no placement makes it smaller.
    """
    numbers = _drawings(vertices, max_edges)
    placements = _placements(vertices)
    is_canonical = np.ones(len(numbers), dtype=bool)
    for places in placements:
        is_canonical &= _moved(numbers, vertices, places) >= numbers
    canonical = numbers[is_canonical]
    fixes = np.array([_moved(canonical, vertices, places) == canonical for places in placements])
    inner = vertices - 2
    labellings = np.array(
        list(itertools.product(range(label_count), repeat=inner)), dtype=np.int8
    ).reshape(label_count**inner, inner)
    weights = label_count ** np.arange(inner)[::-1]
    codes = labellings @ weights
    # Column j of a moved labelling is the label of the vertex that is placed on j + 1.
    origins = [np.argsort(places[1:-1]) for places in placements]
    kept: dict[bytes, NDArray[np.int8]] = {}
    result = []
    for number, symmetries in zip(canonical.tolist(), fixes.T, strict=True):
        key = symmetries.tobytes()
        if key not in kept:
            smallest = np.ones(len(labellings), dtype=bool)
            for index in np.flatnonzero(symmetries):
                smallest &= labellings[:, origins[index]] @ weights >= codes
            kept[key] = labellings[smallest]
        result.append(Skeleton(vertices, number, kept[key]))
    return tuple(result)


def _drawings(vertices: int, max_edges: int) -> NDArray[np.int64]:
    """Return the edge numbers of all upper triangular graphs without dead ends."""
    bit = _bit_of_pair(vertices)
    numbers = np.arange(1 << len(bit), dtype=np.int64)
    numbers = numbers[np.bitwise_count(numbers) <= max_edges]
    for vertex in range(vertices):
        leaving = sum(1 << b for (source, _), b in bit.items() if source == vertex)
        entering = sum(1 << b for (_, target), b in bit.items() if target == vertex)
        if leaving:
            numbers = numbers[numbers & leaving != 0]
        if entering:
            numbers = numbers[numbers & entering != 0]
    return numbers


def _moved(numbers: NDArray[np.int64], vertices: int, places: Sequence[int]) -> NDArray[np.int64]:
    """Return the edge numbers after moving the vertices; a huge one if an edge turns backwards."""
    bit = _bit_of_pair(vertices)
    moved = np.zeros_like(numbers)
    for (source, target), old in bit.items():
        new = bit.get((places[source], places[target]), len(bit))
        moved |= (numbers >> old & 1) << new
    return moved


@functools.cache
def _bit_of_pair(vertices: int) -> dict[tuple[int, int], int]:
    pairs = itertools.combinations(range(vertices), 2)
    return {pair: bit for bit, pair in enumerate(pairs)}


@functools.cache
def _placements(vertices: int) -> tuple[tuple[int, ...], ...]:
    """Return where each vertex may go: input and output stay, the inner vertices permute."""
    inner = itertools.permutations(range(1, vertices - 1))
    return tuple((0, *order, vertices - 1) for order in inner)


def _joined(hashes: Sequence[str], vertices: Iterable[int]) -> str:
    return "".join(sorted(hashes[vertex] for vertex in vertices))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

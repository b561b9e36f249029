"""What an architecture is made of: biases, and encodings for surrogate models.

Biases are those of the publication (section 4.3); ``conv:pool`` is the number of convolutions minus
the number of poolings, read off its table 3. Encodings are one-hot: the operations of a cell's
edges, and for NAS-Bench-101 the adjacency matrix and the operations of its vertices.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zcnas.benchmarks import Spec
from zcnas.search_spaces.four_node_cell import EDGES
from zcnas.search_spaces.nasbench101.spec import MAX_VERTICES
from zcnas.search_spaces.nasbench101.spec import OPS as OPS_101
from zcnas.search_spaces.nasbench301.spec import INPUTS, NODES
from zcnas.search_spaces.nasbench301.spec import OPS as OPS_301

Floats = NDArray[np.float64]

CONV_POOL, CELL_SIZE, SKIPS, PARAMETERS = "conv:pool", "cell size", "skips", "parameters"
BIASES = (CONV_POOL, CELL_SIZE, SKIPS, PARAMETERS)
"""The publication's order; parameters are the proxy ``params``."""

EMPTY = ("none", "zero")
"""Operations that make nothing."""
_SKIP = ("skip_connect", "identity")


def operations(spec: Any) -> tuple[str, ...]:
    """Return the operations of an architecture's cell or cells; none for a skeleton."""
    if hasattr(spec, "normal"):
        return tuple(op for op, _ in (*spec.normal, *spec.reduction))
    return tuple(getattr(spec, "ops", ()))


def conv_minus_pool(spec: Spec) -> float:
    """Return the number of convolutions minus the number of poolings in the cell."""
    ops = operations(spec)
    return sum("conv" in op for op in ops) - sum("pool" in op for op in ops)


def cell_size(spec: Spec) -> float:
    """Return the number of operations that are not empty."""
    return sum(op not in EMPTY for op in operations(spec))


def skip_connections(spec: Spec) -> float:
    """Return the number of skip connections."""
    return sum(op in _SKIP for op in operations(spec))


def is_connected(spec: Any) -> bool:
    """Return whether a path of operations leads from input to output of a four-node cell."""
    reached = {0}
    for (source, target), op in zip(EDGES, spec.ops, strict=True):
        if source in reached and op not in EMPTY:
            reached.add(target)
    return EDGES[-1][1] in reached


MEASURES: dict[str, Callable[[Spec], float]] = {
    CONV_POOL: conv_minus_pool,
    CELL_SIZE: cell_size,
    SKIPS: skip_connections,
}
"""The biases that are read off an architecture."""

DEFINED_ON: dict[str, tuple[str, ...]] = {
    CONV_POOL: ("nasbench101", "nasbench201", "nasbench301"),
    CELL_SIZE: ("nasbench201", "transbench101_micro"),
    SKIPS: ("nasbench201", "nasbench301", "transbench101_micro"),
    PARAMETERS: (
        *("nasbench101", "nasbench201", "nasbench301"),
        *("transbench101_micro", "transbench101_macro"),
    ),
}
"""Search spaces in which a bias varies; the publication writes n/a for the others."""


def encode(search_space: str, specs: Sequence[Spec]) -> Floats:
    """Return one-hot encodings, (N, features)."""
    return np.array([ENCODERS[search_space](spec) for spec in specs], dtype=np.float64)


def _encode_edges(spec: Any) -> list[int]:
    return [int(op == known) for op in spec.ops for known in spec.OPS]


def _encode_101(spec: Any) -> list[int]:
    """Return the upper triangle of the matrix and the vertices' operations, the output last."""
    size, free = len(spec.ops), MAX_VERTICES - len(spec.ops)
    place = [*range(size - 1), MAX_VERTICES - 1]
    matrix = np.zeros((MAX_VERTICES, MAX_VERTICES), dtype=int)
    matrix[np.ix_(place, place)] = np.array(spec.matrix)
    inner = (*spec.ops[1:-1], *([""] * free))
    edges = matrix[np.triu_indices(MAX_VERTICES, 1)].tolist()
    return [*edges, *(int(op == known) for op in inner for known in OPS_101)]


def _encode_301(spec: Any) -> list[int]:
    return [
        bit
        for cell in (spec.normal, spec.reduction)
        for op, source in cell
        for bit in (
            *(int(op == known) for known in OPS_301),
            *(int(source == place) for place in range(INPUTS + NODES - 1)),
        )
    ]


def _encode_macro(spec: Any) -> list[int]:
    modules = (*spec.modules, 0, 0)[: len(EDGES)]
    return [int(module == kind) for module in modules for kind in (0, 1, 2, 3, 4)]


ENCODERS: dict[str, Callable[[Any], list[int]]] = {
    "nasbench101": _encode_101,
    "nasbench201": _encode_edges,
    "nasbench301": _encode_301,
    "transbench101_micro": _encode_edges,
    "transbench101_macro": _encode_macro,
}

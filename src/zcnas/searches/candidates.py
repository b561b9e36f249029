"""``Candidates``: what a search may see of a space, its architectures without their accuracies.

A search speaks of architectures by their place, 0 to N − 1, so that a look-up costs an index and
not a string. Dimension letters: N architectures, E genes, F features.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zcnas.analyses.features import ENCODERS
from zcnas.analyses.plan import topology
from zcnas.benchmarks import Spec
from zcnas.errors import SearchError
from zcnas.search_spaces import get_search_space
from zcnas.search_spaces.four_node_cell import FourNodeCellSpec
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.search_spaces.transbench101_macro.spec import TransBench101MacroSpec
from zcnas.searches.graphs import OperationGraph, encode_paths, operation_graph
from zcnas.words.seeds import derive_token

NEAREST = 20
"""Neighbours of an architecture where the table holds only a sample of the space."""
FEWEST_EDITS = 5
"""Edits of an architecture that the table has to hold; complete tables hold six or more of each."""
SAMPLED_SPACES = ("nasbench101", "nasbench301")
"""Spaces whose tables hold so few architectures that an edit usually leads out of the table."""

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Candidates:
    """The architectures of a search.

    Attributes:
        search_space: The key of their search space.
        architectures: Canonical strings, in the order of their places.
    """

    search_space: str
    architectures: tuple[str, ...]
    _neighbours: dict[int, tuple[int, ...]] = field(default_factory=dict, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.architectures)

    @cached_property
    def place_of(self) -> dict[str, int]:
        """Maps a canonical string to its place."""
        return {text: place for place, text in enumerate(self.architectures)}

    @cached_property
    def specs(self) -> tuple[Spec, ...]:
        """The architectures as values."""
        parse = get_search_space(self.search_space).spec.parse
        return tuple(parse(text) for text in self.architectures)

    @cached_property
    def encoding(self) -> Floats:
        """(N, F), one-hot: adjacency and operations, or the words of the string of other spaces."""
        known = ENCODERS.get(self.search_space)
        if known is not None:
            return np.array([known(spec) for spec in self.specs], dtype=np.float64)
        return _one_hot_words(self.architectures)

    @cached_property
    def graphs(self) -> tuple[OperationGraph, ...]:
        """The architectures as graphs of operations.

        Raises:
            SearchError: The space's architectures have none.
        """
        return tuple(operation_graph(self.search_space, spec) for spec in self.specs)

    @cached_property
    def path_encoding(self) -> Floats:
        """(N, P), one where an architecture has a path of operations from input to output.

        Raises:
            SearchError: The space's architectures have no graph.
        """
        return encode_paths(self.graphs)

    @cached_property
    def genes(self) -> NDArray[np.int64] | None:
        """(N, E): architectures as E choices each, or None if the space is no list of choices."""
        first = self.specs[0]
        if isinstance(first, FourNodeCellSpec):
            cells: Any = self.specs
            return np.array([cell.to_numbers() for cell in cells])
        if isinstance(first, TransBench101MacroSpec):
            skeletons: Any = self.specs
            return np.array([skeleton.to_naslib() for skeleton in skeletons])
        return None

    @cached_property
    def place_of_genes(self) -> dict[tuple[int, ...], int]:
        """Maps the choices of an architecture to its place.

        Raises:
            SearchError: The space is not a list of choices.
        """
        if self.genes is None:
            raise SearchError(
                f"architectures of {self.search_space} are not a fixed list of choices, which this "
                "algorithm draws from; take another algorithm, such as ae or bananas"
            )
        return {tuple(row): place for place, row in enumerate(self.genes.tolist())}

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """What is equal for isomorphic cells of NAS-Bench-201; elsewhere the architecture."""
        return tuple(
            topology(spec) if isinstance(spec, NasBench201Spec) else text
            for spec, text in zip(self.specs, self.architectures, strict=True)
        )

    def representatives(self) -> list[str]:
        """Return one candidate of each class of isomorphic cells, in an order that favours none."""
        first: dict[str, str] = {}
        for text, each in zip(self.architectures, self.classes, strict=True):
            first.setdefault(each, text)
        return sorted(first.values(), key=lambda text: derive_token("our scores", text))

    def neighbours(self, place: int) -> tuple[int, ...]:
        """Return the places of the architectures one edit away that are in the table.

        Where a table holds fewer than ``FEWEST_EDITS`` of them, or is a sample of its space, they
        are the ``NEAREST`` by the Hamming distance of the encodings, ties in the order of places.
        """
        known = self._neighbours.get(place)
        if known is None:
            edits = self._edits(place)
            known = edits if len(edits) >= FEWEST_EDITS else self._nearest(place)
            self._neighbours[place] = known
        return known

    def _edits(self, place: int) -> tuple[int, ...]:
        if self.search_space in SAMPLED_SPACES:
            return ()
        if isinstance(self.specs[place], FourNodeCellSpec):
            return self._changed_genes(place)
        edits = (self.place_of.get(str(each)) for each in self.specs[place].neighbours())
        return tuple(dict.fromkeys(edit for edit in edits if edit is not None))

    def _changed_genes(self, place: int) -> tuple[int, ...]:
        """Return the cells with one operation changed: the same as ``neighbours``, much faster."""
        assert self.genes is not None
        own = self.genes[place].tolist()
        found = []
        kinds = len(self.specs[place].OPS)  # type: ignore[attr-defined]
        for position, current in enumerate(own):
            for op in range(kinds):
                if op != current:
                    changed = (*own[:position], op, *own[position + 1 :])
                    found.append(self.place_of_genes.get(changed))
        return tuple(edit for edit in found if edit is not None)

    def _nearest(self, place: int) -> tuple[int, ...]:
        distance = np.abs(self.encoding - self.encoding[place]).sum(axis=1)
        order = np.argsort(distance, kind="stable")
        return tuple(order[order != place][:NEAREST].tolist())


def _one_hot_words(texts: Sequence[str]) -> Floats:
    """Return one-hot words by position, for a space whose encoding nobody has told us."""
    words = [re.findall(r"[A-Za-z0-9_]+", text) for text in texts]
    columns = sorted({(at, word) for row in words for at, word in enumerate(row)})
    column_of = {column: number for number, column in enumerate(columns)}
    encoded = np.zeros((len(texts), len(columns)))
    for number, row in enumerate(words):
        for at, word in enumerate(row):
            encoded[number, column_of[at, word]] = 1.0
    return encoded

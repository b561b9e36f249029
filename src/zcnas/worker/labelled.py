"""The labelled networks that ``fit`` is given, as a sequence that builds each on access.

Imports nothing that only Linux has: ``zcnas try`` uses it wherever Python runs.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Sequence
from typing import overload

from torch import nn

from zcnas.benchmarks import Benchmark
from zcnas.search_spaces import build_network, parse_spec
from zcnas.worker.seeding import seed_everything

KEEP_NUMBERS = "keep what you compute from a network, not the network"


class LabelledNetworks(Sequence[nn.Module]):
    """The labelled networks, each built when it is asked for and kept by nobody but the asker.

    A network has the weights, and the global generators the state, that a query of the same
    architecture has.

    Args:
        benchmark: The benchmark.
        architectures: (spec, seed) of each network.
    """

    def __init__(self, benchmark: Benchmark, architectures: Sequence[tuple[str, int]]) -> None:
        self._benchmark = benchmark
        self._architectures = tuple(architectures)
        self._built: list[weakref.ref[nn.Module]] = []

    def __len__(self) -> int:
        return len(self._architectures)

    @overload
    def __getitem__(self, index: int) -> nn.Module: ...
    @overload
    def __getitem__(self, index: slice) -> LabelledNetworks: ...
    def __getitem__(self, index: int | slice) -> nn.Module | LabelledNetworks:
        """Return a newly built network, or some of the networks, not built yet."""
        if isinstance(index, slice):
            some = LabelledNetworks(self._benchmark, self._architectures[index])
            some._built = self._built
            return some
        spec, seed = self._architectures[index]
        seed_everything(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a submission may have made errors of them
            network = build_network(parse_spec(self._benchmark.search_space, spec), self._benchmark)
        self._built.append(weakref.ref(network))
        return network

    def alive(self) -> int:
        """Return how many of the networks built so far somebody still holds."""
        return sum(reference() is not None for reference in self._built)

"""The search spaces: what an architecture is, as a value and as a network.

Each folder is one search space. Its ``spec.py`` holds the architecture as a value and imports no
torch; its ``network.py`` builds the value as a PyTorch network. The folder's name is the key.
``build_network`` imports torch on first use, so that whoever only reads, samples or scores
architectures never pays for it.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, Self

from zcnas.benchmarks import Benchmark
from zcnas.errors import PhaseError
from zcnas.search_spaces.nasbench101.spec import NasBench101Spec
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.search_spaces.nasbench301.spec import NasBench301Spec
from zcnas.search_spaces.transbench101_macro.spec import TransBench101MacroSpec
from zcnas.search_spaces.transbench101_micro.spec import TransBench101MicroSpec

if TYPE_CHECKING:
    from zcnas.search_spaces.network import Network


class Spec(Protocol):
    """An architecture as a value: hashable, comparable, and equal to ``parse(str(spec))``."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the canonical string; raise ``InvalidArchitecture`` if it is not of this space."""
        ...

    def __str__(self) -> str:
        """Return the canonical string."""
        ...

    @classmethod
    def enumerate(cls) -> Iterator[Self]:
        """Yield every architecture of the space once, in a fixed order."""
        ...

    @classmethod
    def sample(cls, rng: random.Random) -> Self:
        """Return an architecture drawn uniformly from the space."""
        ...

    def neighbours(self) -> Iterator[Self]:
        """Yield every architecture that is one edit away."""
        ...


SPECS: dict[str, type[Spec]] = {
    "nasbench101": NasBench101Spec,
    "nasbench201": NasBench201Spec,
    "nasbench301": NasBench301Spec,
    "transbench101_micro": TransBench101MicroSpec,
    "transbench101_macro": TransBench101MacroSpec,
}


def parse_spec(search_space: str, text: str) -> Spec:
    """Return the architecture that ``text`` writes in ``search_space``.

    Raises:
        PhaseError: The search space is unknown.
        InvalidArchitecture: The text is not an architecture of that space.
    """
    try:
        spec_type = SPECS[search_space]
    except KeyError:
        raise PhaseError(
            f"unknown search space '{search_space}'; known search spaces: {', '.join(SPECS)}"
        ) from None
    return spec_type.parse(text)


def build_network(spec: Spec, benchmark: Benchmark) -> Network:
    """Return the network of ``spec`` for a benchmark's dataset, freshly initialised, in train mode.

    The weights come from torch's global generator: seed it first.
    """
    network: Network = import_networks(benchmark).build(spec, benchmark.dataset)
    return network


def import_networks(benchmark: Benchmark) -> ModuleType:
    """Return the module that builds a benchmark's networks."""
    return importlib.import_module(f"zcnas.search_spaces.{benchmark.search_space}.network")

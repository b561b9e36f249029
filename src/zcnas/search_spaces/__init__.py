"""The search spaces: what an architecture is, as a value and as a network.

Each folder is one search space. Its ``__init__.py`` holds the record, its ``spec.py`` the
architecture as a value without torch; its ``network.py`` builds the value as a PyTorch network. The
folder's name is the key. ``build_network`` imports torch on first use, so that whoever only reads,
samples or scores architectures never pays for it. A plugin adds a search space with a record of its
own (docs/plugins.md).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from zcnas import plugins
from zcnas.benchmarks import Benchmark, Dataset, SearchSpace, Spec, plugin_space
from zcnas.errors import PhaseError
from zcnas.search_spaces import (
    nasbench101,
    nasbench201,
    nasbench301,
    transbench101_macro,
    transbench101_micro,
)

if TYPE_CHECKING:
    from zcnas.search_spaces.network import Network

__all__ = [
    "SEARCH_SPACES",
    "SearchSpace",
    "Spec",
    "all_search_spaces",
    "build_network",
    "get_search_space",
    "network_builder",
    "parse_spec",
    "prepare_to_build",
]

SEARCH_SPACES: dict[str, SearchSpace] = {
    "nasbench101": nasbench101.SPACE,
    "nasbench201": nasbench201.SPACE,
    "nasbench301": nasbench301.SPACE,
    "transbench101_micro": transbench101_micro.SPACE,
    "transbench101_macro": transbench101_macro.SPACE,
}

_PREPARED = {"nasbench201": 2, "nasbench301": 1}
"""How many architectures ``prepare_to_build`` builds: enough to meet most kinds of layers.

In the other spaces nearly all of a build is drawing random numbers.
"""


def get_search_space(key: str) -> SearchSpace:
    """Return the search space called ``key``, ours or a plugin's.

    Raises:
        PhaseError: The search space is unknown.
        PluginError: The plugin that provides it is broken, or its name is taken.
    """
    unknown = (PhaseError, "search space", "search spaces")
    return plugins.find("search_spaces", key, SEARCH_SPACES, plugin_space, unknown)


def all_search_spaces() -> tuple[SearchSpace, ...]:
    """Return every search space, ours first.

    Raises:
        PluginError: A plugin is broken, or its name is taken.
    """
    names = (*SEARCH_SPACES, *(plugin.name for plugin in plugins.installed("search_spaces")))
    return tuple(get_search_space(name) for name in dict.fromkeys(names))


def parse_spec(search_space: str, text: str) -> Spec:
    """Return the architecture that ``text`` writes in ``search_space``.

    Raises:
        PhaseError: The search space is unknown.
        InvalidArchitecture: The text is not an architecture of that space.
    """
    return get_search_space(search_space).spec.parse(text)


def build_network(spec: Spec, benchmark: Benchmark) -> Network:
    """Return the network of ``spec`` for a benchmark's dataset, freshly initialised, in train mode.

    The weights come from torch's global generator: seed it first.
    """
    network = network_builder(benchmark)(spec, benchmark.dataset)
    network.spec = spec
    return network


def prepare_to_build(benchmark: Benchmark) -> None:
    """Import what a benchmark's networks are made of and, where it pays, build a few.

    Every process forked afterwards finds the modules and the blueprints of the layers. torch's
    generator is left as it was.
    """
    build = network_builder(benchmark)
    if count := _PREPARED.get(benchmark.search_space, 0):
        import torch

        rng = random.Random(0)
        with torch.random.fork_rng(devices=()):
            for _ in range(count):
                build(SEARCH_SPACES[benchmark.search_space].spec.sample(rng), benchmark.dataset)


def network_builder(benchmark: Benchmark) -> Callable[[Any, Dataset], Network]:
    """Return the function that builds a benchmark's networks; imports torch."""
    return get_search_space(benchmark.search_space).network_builder()

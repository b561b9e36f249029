"""The search algorithms, one module each; ``ALGORITHMS`` is the table of them."""

from __future__ import annotations

from zcnas import plugins
from zcnas.errors import PluginError, SearchError
from zcnas.searches.algorithm import AlgorithmMaker
from zcnas.searches.algorithms.aging import AgingEvolution
from zcnas.searches.algorithms.bananas import Bananas, RandomBananas
from zcnas.searches.algorithms.npenas import Npenas
from zcnas.searches.algorithms.predictor import GraphPredictorBased, PredictorBased
from zcnas.searches.algorithms.proxybo import ProxyBo
from zcnas.searches.algorithms.random_search import RandomSearch
from zcnas.searches.algorithms.reinforce import Reinforce

ALGORITHMS: dict[str, AlgorithmMaker] = {
    "rand": RandomSearch,
    "ae": AgingEvolution,
    "rl": Reinforce,
    "bp": PredictorBased,
    "bp_gcn": GraphPredictorBased,
    "bananas": Bananas,
    "bananas_random": RandomBananas,
    "npenas": Npenas,
    "proxybo": ProxyBo,
}
"""Name to class; ``zcnas search --algorithm NAME``."""

USES_FEATURES = ("bananas", "bananas_random", "bp", "npenas", "proxybo")
"""Those that ``--features`` is for: they have a predictor, or weigh proxies."""


def get_algorithm(name: str) -> AlgorithmMaker:
    """Return the algorithm called ``name``, ours or a plugin's.

    Raises:
        SearchError: It is unknown.
        PluginError: The plugin that provides it is broken, or its name is taken.
    """
    unknown = (SearchError, "search algorithm", "algorithms")
    return plugins.find("searches", name, ALGORITHMS, _load_algorithm, unknown)


def _load_algorithm(plugin: plugins.Plugin) -> AlgorithmMaker:
    maker: AlgorithmMaker = plugin.load()
    if not callable(maker):
        raise PluginError(
            f"the plugin {plugin} is not a class or a function that takes a Setting and returns a "
            "search algorithm"
        )
    return maker

"""Predictor-based search: rank every candidate, train the best of them, learn from it, again.

Reference: Dudziak et al., "BRP-NAS: Prediction-based NAS using GCNs", NeurIPS 2020,
arXiv:2007.08668. Their predictor is a graph network; ``bp`` has boosted trees on the same binary
relation, so that a figure of a hundred trials takes minutes and needs no torch, ``bp_gcn`` a small
graph network.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

import numpy as np

from zcnas.errors import SearchError
from zcnas.searches.algorithm import Setting
from zcnas.searches.algorithms.learning import BATCH, Learning
from zcnas.searches.candidates import Floats, Places
from zcnas.searches.surrogates import Trees


class PredictorBased(Learning):
    """A binary relation that ranks all candidates, retrained as models come in (BP)."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._all: Floats | None = None

    def rank(self, places: Places, accuracies: Floats) -> Floats:
        """Return scores of all N candidates, learned from the trained ones."""
        if self._all is None:
            everything = np.arange(len(self.setting.candidates))
            self._all = self.features(everything).astype(np.float32)
        relation = Trees("binary")
        relation.fit(self._all[places], accuracies)
        return relation.predict(self._all)

    def propose(self) -> Sequence[int]:
        """Return the candidates that the relation ranks first."""
        places, accuracies = self.trained()
        predictions = self.rank(places, accuracies)
        predictions[places] = -np.inf
        count = min(BATCH, len(predictions) - 1)
        first = np.argpartition(-predictions, count)[:count]
        return [int(place) for place in first[np.argsort(-predictions[first], kind="stable")]]


class GraphPredictorBased(PredictorBased):
    """The same with a graph network, which sees the cell's operations as a graph.

    Raises:
        SearchError: torch is missing, or the space's architectures have no graph.
    """

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        if importlib.util.find_spec("torch") is None:
            raise SearchError(
                "bp_gcn needs torch, which is not installed; install zcnas[run], or take bp"
            )
        from zcnas.searches.surrogates.graph_network import GraphNetwork

        self._network = GraphNetwork(setting.candidates.graphs)

    def rank(self, places: Places, accuracies: Floats) -> Floats:
        """Return scores of all N candidates, learned from the trained ones."""
        return self._network.rank(places, accuracies, self.rng)

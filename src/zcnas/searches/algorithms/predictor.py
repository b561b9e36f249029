"""Predictor-based search: rank every candidate, train the best of them, learn from it, again.

Reference: Dudziak et al., "BRP-NAS: Prediction-based NAS using GCNs", NeurIPS 2020,
arXiv:2007.08668. Their predictor is a graph network; ours is boosted trees on the same binary
relation, so that a figure of a hundred trials takes minutes and needs no torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zcnas.searches.algorithm import Setting
from zcnas.searches.algorithms.learning import BATCH, Learning
from zcnas.searches.candidates import Floats
from zcnas.searches.surrogates import Trees


class PredictorBased(Learning):
    """A binary relation that ranks all candidates, retrained as models come in (BP)."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self._all: Floats | None = None

    def propose(self) -> Sequence[int]:
        """Return the candidates that the relation ranks first."""
        if self._all is None:
            self._all = self.features(np.arange(len(self.setting.candidates)))
        places, accuracies = self.trained()
        relation = Trees("binary")
        relation.fit(self._all[places], accuracies)
        predictions = relation.predict(self._all)
        predictions[places] = -np.inf
        count = min(BATCH, len(predictions) - 1)
        first = np.argpartition(-predictions, count)[:count]
        return [int(place) for place in first[np.argsort(-predictions[first], kind="stable")]]

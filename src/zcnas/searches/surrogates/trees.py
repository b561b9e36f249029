"""Boosted trees as surrogates.

Reference: White et al., "How Powerful are Performance Predictors in Neural Architecture Search?",
NeurIPS 2021, arXiv:2104.01177 (XGBoost and its settings); Dudziak et al., "BRP-NAS:
Prediction-based NAS using GCNs", NeurIPS 2020, arXiv:2007.08668 (the binary relation).
"""

from __future__ import annotations

import random
from statistics import NormalDist
from typing import Any, Literal, Protocol

import numpy as np

from zcnas.analyses.surrogate import SETTINGS
from zcnas.searches.candidates import Floats

Relation = Literal["binary", "regression"]

OBJECTIVES: dict[Relation, str] = {"binary": "rank:pairwise", "regression": "reg:squarederror"}
ROUNDS = 50
"""Half of the analyses', which train once and not after every ten models; the order of the
predictions is the same to .01 in Spearman's rho."""
SHARE = 0.8
"""Of the models that a member of an ensemble learns from."""
FAST = {"tree_method": "hist"}
"""On one-hot features the trees are those of the exact method, in a third of the time."""


class Surrogate(Protocol):
    """Predicts an order of architectures."""

    def fit(self, features: Floats, accuracies: Floats) -> None:
        """Learn from (N, F) features and (N,) accuracies."""
        ...

    def predict(self, features: Floats) -> Floats:
        """Return (N,) predictions, higher is better; only their order means anything."""
        ...


class Trees:
    """XGBoost.

    Args:
        relation: ``regression`` on ranks as normal scores, so that a few broken models do
            not decide what is learned of the good ones, or ``binary``: which of two models is
            better, P(a ≻ b) = σ(f(a) − f(b)), trained on pairs.
        seed: Of XGBoost's own random numbers.
        depth: The most splits from root to leaf; by default the analyses'.
    """

    def __init__(self, relation: Relation = "regression", seed: int = 0, depth: int = 0) -> None:
        own: dict[str, Any] = {"objective": OBJECTIVES[relation], "seed": seed}
        if depth:
            own["max_depth"] = depth
        self._settings = {**SETTINGS, **FAST, **own}
        self._relation = relation
        self._model: Any = None

    def fit(self, features: Floats, accuracies: Floats) -> None:
        """Learn from (N, F) features and (N,) accuracies."""
        import xgboost

        if self._relation == "binary":
            # Relevance is the rank, which all pairs of different accuracies are made of.
            labels = np.unique(accuracies, return_inverse=True)[1].astype(np.float64)
            labels *= 31 / max(1.0, labels.max())  # XGBoost's largest degree of relevance
        else:
            labels = normal_scores(accuracies)
        data = xgboost.DMatrix(features, labels, nthread=1)
        if self._relation == "binary":
            data.set_group([len(labels)])
        # Not xgboost.train, whose call-backs take as long as the trees of so few rows.
        self._model = xgboost.Booster(self._settings, [data])
        for number in range(ROUNDS):
            self._model.update(data, number)

    def predict(self, features: Floats) -> Floats:
        """Return (N,) predictions."""
        return np.asarray(self._model.inplace_predict(features), dtype=np.float64)


def normal_scores(values: Floats) -> Floats:
    """Return ranks as quantiles of the normal distribution, equal values equal, (N,)."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / len(values)
    normal = NormalDist()
    scores: Floats = np.array([normal.inv_cdf(share) for share in middle.tolist()])[places]
    return scores


class Ensemble:
    """Regressions on four fifths of the models each: their spread is the uncertainty.

    Args:
        size: How many.
        rng: Draws the models of each member.
    """

    def __init__(self, size: int, rng: random.Random) -> None:
        self._rng = rng
        self._members = [Trees(seed=number) for number in range(size)]

    def fit(self, features: Floats, accuracies: Floats) -> None:
        """Learn from (N, F) features and (N,) accuracies."""
        count = len(accuracies)
        for member in self._members:
            drawn = self._rng.sample(range(count), max(1, round(SHARE * count)))
            member.fit(features[drawn], accuracies[drawn])

    def predict_all(self, features: Floats) -> Floats:
        """Return the predictions of every member, (members, N)."""
        return np.stack([member.predict(features) for member in self._members])

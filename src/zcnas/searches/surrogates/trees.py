"""Boosted trees as surrogates.

Reference: White et al., "How Powerful are Performance Predictors in Neural Architecture Search?",
NeurIPS 2021, arXiv:2104.01177 (XGBoost and its settings); Dudziak et al., "BRP-NAS:
Prediction-based NAS using GCNs", NeurIPS 2020, arXiv:2007.08668 (the binary relation).
"""

from __future__ import annotations

import random
from typing import Any, Literal, Protocol

import numpy as np

from zcnas.analyses.surrogate import SETTINGS
from zcnas.searches.candidates import Floats

Relation = Literal["binary", "regression"]

OBJECTIVES: dict[Relation, str] = {"binary": "rank:pairwise", "regression": "reg:squarederror"}
ROUNDS = 50
"""Half of the analyses', which train once and not after every ten models; the order of the
predictions is the same to .01 in Spearman's rho."""


class Surrogate(Protocol):
    """Predicts an order of architectures."""

    def fit(self, features: Floats, accuracies: Floats) -> None:
        """Learn from (N, F) features and (N,) accuracies."""
        ...

    def predict(self, features: Any) -> Floats:
        """Return (N,) predictions, higher is better; only their order means anything."""
        ...


class Trees:
    """XGBoost.

    Args:
        relation: ``regression`` on standardised accuracies, or ``binary``: which of two models is
            better, P(a ≻ b) = σ(f(a) − f(b)), trained on pairs.
        seed: Of XGBoost's own random numbers.
    """

    def __init__(self, relation: Relation = "regression", seed: int = 0) -> None:
        self._settings = {**SETTINGS, "objective": OBJECTIVES[relation], "seed": seed}
        self._relation = relation
        self._model: Any = None

    def fit(self, features: Floats, accuracies: Floats) -> None:
        """Learn from (N, F) features and (N,) accuracies."""
        import xgboost

        if self._relation == "binary":
            # Relevance is the rank, which all pairs of different accuracies are made of.
            labels = np.unique(accuracies, return_inverse=True)[1].astype(np.float64)
            labels *= 31 / max(1.0, labels.max())  # XGBoost's largest degree of relevance
            data = xgboost.DMatrix(features, labels)
            data.set_group([len(labels)])
        else:
            scale = accuracies.std() or 1.0
            data = xgboost.DMatrix(features, (accuracies - accuracies.mean()) / scale)
        self._model = xgboost.train(self._settings, data, ROUNDS)

    def predict(self, features: Any) -> Floats:
        """Return (N,) predictions for a matrix, or for XGBoost's own form of one."""
        import xgboost

        if isinstance(features, np.ndarray):
            features = xgboost.DMatrix(features)
        return np.asarray(self._model.predict(features), dtype=np.float64)


class Ensemble:
    """Regressions on resamples of the models: their spread is the uncertainty.

    Args:
        size: How many.
        rng: Draws the resamples.
    """

    def __init__(self, size: int, rng: random.Random) -> None:
        self._rng = rng
        self._members = [Trees(seed=number) for number in range(size)]

    def fit(self, features: Floats, accuracies: Floats) -> None:
        """Learn from (N, F) features and (N,) accuracies."""
        count = len(accuracies)
        for member in self._members:
            drawn = np.array([int(self._rng.random() * count) for _ in range(count)])
            member.fit(features[drawn], accuracies[drawn])

    def predict_all(self, features: Any) -> Floats:
        """Return the predictions of every member, (members, N)."""
        return np.stack([member.predict(features) for member in self._members])

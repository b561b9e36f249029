"""Bayesian optimisation beside proxies, each trusted as far as it has ordered the trained models.

    w_k ∝ exp(G_k / τ),   τ = τ₀ / (1 + log t),   the next model minimises Σ w_k rank_k

G is the share of pairs of trained models that a source orders rightly: a proxy by its scores, the
surrogate by cross-validation. One model is trained a step, the best of ``CANDIDATES``, so 100 steps
ask for the scores of up to 10,000 candidates.

Reference: Shen et al., "ProxyBO: Accelerating Neural Architecture Search via Bayesian Optimization
with Zero-cost Proxies", AAAI 2023, arXiv:2110.10423. Here the surrogate is an ensemble of XGBoost
models with Thompson sampling instead of expected improvement, and the constants are ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from zcnas.errors import SearchError
from zcnas.searches.algorithm import Setting
from zcnas.searches.algorithms.bananas import MEMBERS, filled, mutations, thompson
from zcnas.searches.algorithms.learning import Learning
from zcnas.searches.candidates import Floats
from zcnas.searches.surrogates import Ensemble, Trees

PARENTS = 10
"""The best trained models, whose edits are half of a step's candidates; the others are random."""
CANDIDATES = 100
TEMPERATURE = 0.05
FOLDS = 3


class ProxyBo(Learning):
    """Ranks of a surrogate and of all proxies of the search, by weights that the models decide.

    Raises:
        SearchError: The search has no proxy.
    """

    batch = 1

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        if not setting.scores.names:
            raise SearchError(
                "proxybo weighs proxies and was given none; write --features zc, or one proxy"
            )

    def propose(self) -> Sequence[int]:
        """Return the candidates of a step, the best first."""
        near = mutations(self, self.best(PARENTS), CANDIDATES // 2)
        pool = filled(self, near, CANDIDATES)
        places, accuracies = self.trained()
        encoding = self.setting.candidates.encoding
        ensemble = Ensemble(MEMBERS, self.rng)
        ensemble.fit(encoding[places], accuracies)
        guesses = [thompson(ensemble.predict_all(encoding[pool]), self.rng)]
        orders = [_cross_validated(encoding[places], accuracies)]
        scores = self.setting.scores
        for name in scores.names:
            guesses.append(scores.of(name, pool))
            orders.append(scores.of(name, places))
        agreement = np.array([concordance(order, accuracies) for order in orders])
        temperature = TEMPERATURE / (1 + math.log(len(places)))
        weights = np.exp((agreement - agreement.max()) / temperature)
        ranks = np.array([_ranks(guess) for guess in guesses])
        total = weights @ ranks
        return [pool[at] for at in np.argsort(total, kind="stable")]


def concordance(guesses: Floats, accuracies: Floats) -> float:
    """Return the share of pairs that two vectors (n,) order alike; equal guesses count half."""
    first, second = np.triu_indices(len(guesses), 1)
    # Not differences: a proxy's failures are minus infinity.
    own = (guesses[first] > guesses[second]).astype(int) - (guesses[first] < guesses[second])
    truth = np.sign(accuracies[first] - accuracies[second])
    return float((1 + own * truth).mean() / 2)


def _cross_validated(features: Floats, accuracies: Floats) -> Floats:
    folds = np.arange(len(accuracies)) % FOLDS
    guesses = np.empty(len(accuracies))
    for fold in range(FOLDS):
        model = Trees()
        model.fit(features[folds != fold], accuracies[folds != fold])
        guesses[folds == fold] = model.predict(features[folds == fold])
    return guesses


def _ranks(guesses: Floats) -> Floats:
    """Return 0 for the highest guess; equal guesses share the mean of their ranks."""
    values, places, counts = np.unique(-guesses, return_inverse=True, return_counts=True)
    del values
    means: Floats = (np.cumsum(counts) - (counts + 1) / 2)[places]
    return means

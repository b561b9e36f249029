"""BANANAS: Bayesian optimisation with an ensemble and independent Thompson sampling.

Reference: White et al., "BANANAS: Bayesian Optimization with Neural Architectures for Neural
Architecture Search", AAAI 2021, arXiv:1910.11858; with XGBoost for the ensemble, as Krishnakumar et
al., "NAS-Bench-Suite-Zero", NeurIPS 2022, arXiv:2210.03230, section 5.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from zcnas.searches.algorithms.learning import Learning
from zcnas.searches.candidates import Floats
from zcnas.searches.surrogates import Ensemble

MEMBERS = 3
PARENTS = 10
"""The best trained models, whose mutations are the candidates of a step."""
CANDIDATES = 100
"""Of a step: half of them mutations, the others random."""


class Bananas(Learning):
    """Trains the candidates that an ensemble's random guesses put first."""

    def propose(self) -> Sequence[int]:
        """Return candidates in the order of independent Thompson samples."""
        pool = near_and_far(self, self.best(PARENTS), CANDIDATES)
        places, accuracies = self.trained()
        ensemble = Ensemble(MEMBERS, self.rng)
        ensemble.fit(self.features(places), accuracies)
        sampled = thompson(ensemble.predict_all(self.features(pool)), self.rng)
        return [pool[at] for at in np.argsort(-sampled, kind="stable")]


def near_and_far(search: Learning, parents: Sequence[int], count: int) -> list[int]:
    """Return ``count`` untrained models, half of them edits of ``parents``, the others random."""
    pool = dict.fromkeys(mutations(search, parents, count // 2))
    size = len(search.setting.candidates)
    wanted = min(count, size - len(search.known))
    while len(pool) < wanted:
        place = int(search.rng.random() * size)
        if place not in search.known:
            pool[place] = None
    return list(pool)


def thompson(guesses: Floats, rng: random.Random) -> Floats:
    """Return independent Thompson samples (N,) of an ensemble's (members, N) predictions."""
    noise = np.array([rng.gauss(0.0, 1.0) for _ in range(guesses.shape[1])])
    sampled: Floats = guesses.mean(axis=0) + guesses.std(axis=0) * noise
    return sampled


def mutations(search: Learning, parents: Sequence[int], count: int) -> list[int]:
    """Return at most ``count`` distinct untrained models, each one edit from one of ``parents``.

    Where all edits are trained already, random models fill the list.
    """
    neighbours = search.setting.candidates.neighbours
    near = dict.fromkeys(edit for parent in parents for edit in neighbours(parent))
    pool = [place for place in near if place not in search.known]
    if len(pool) > count:
        pool = search.rng.sample(pool, count)
    size = len(search.setting.candidates)
    seen = {*pool, *search.known}
    while not pool and len(seen) < size:
        place = int(search.rng.random() * size)
        if place not in seen:
            pool.append(place)
    return pool

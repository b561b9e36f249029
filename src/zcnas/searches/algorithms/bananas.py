"""BANANAS: Bayesian optimisation with an ensemble and independent Thompson sampling.

Reference: White et al., "BANANAS: Bayesian Optimization with Neural Architectures for Neural
Architecture Search", AAAI 2021, arXiv:1910.11858; with XGBoost for the ensemble, as Krishnakumar et
al., "NAS-Bench-Suite-Zero", NeurIPS 2022, arXiv:2210.03230, section 5. Candidates, batches and the
first random models are those of NASLib's configurations (``create_configs_zc_ensembles.py``; the
200 random ones of ``create_configs.py``, "nas_predictor"). XGBoost is deterministic there, so its
ensemble has no spread; ours learns from four fifths of the models a member.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from zcnas.searches.algorithms.learning import Learning
from zcnas.searches.candidates import Floats
from zcnas.searches.surrogates import Ensemble

MEMBERS = 3
PARENTS = 2
"""The best trained models, whose edits are the candidates of a step, as in NASLib's runs."""
CANDIDATES = 100
"""The most candidates of a step."""
RANDOM_CANDIDATES = 200
"""Of a step that draws them at random, as NASLib's comparison of predictors does."""


class Bananas(Learning):
    """Trains the candidates that an ensemble's random guesses put first."""

    def candidates(self) -> list[int]:
        """Return the untrained models among which a step chooses: edits of the best."""
        return mutations(self, self.best(PARENTS), CANDIDATES)

    def propose(self) -> Sequence[int]:
        """Return candidates in the order of independent Thompson samples."""
        pool = self.candidates()
        places, accuracies = self.trained()
        ensemble = Ensemble(MEMBERS, self.rng)
        ensemble.fit(self.features(places), accuracies)
        sampled = thompson(ensemble.predict_all(self.features(pool)), self.rng)
        return [pool[at] for at in np.argsort(-sampled, kind="stable")]


class RandomBananas(Bananas):
    """The same with random candidates, on which a predictor has more to tell apart."""

    def candidates(self) -> list[int]:
        """Return the untrained models among which a step chooses, drawn uniformly."""
        return filled(self, (), RANDOM_CANDIDATES)


def filled(search: Learning, pool: Sequence[int], count: int) -> list[int]:
    """Return a pool of untrained models, filled with random ones to ``count`` distinct ones."""
    found = dict.fromkeys(pool)
    size = len(search.setting.candidates)
    wanted = min(count, size - len(search.known))
    while len(found) < wanted:
        place = int(search.rng.random() * size)
        if place not in search.known:
            found[place] = None
    return list(found)


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

"""What the algorithms with a predictor have in common: the trained models, features, batches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zcnas.searches.algorithm import ALL_PROXIES, BOTH, ENCODING, PATHS, Setting
from zcnas.searches.candidates import Floats, Places

FIRST = 10
"""Random models before the first prediction, unless a warm-up brings more."""
BATCH = 10
"""Models trained between two predictions."""


class Learning:
    """Asks for random models first, then for what ``propose`` makes of those trained so far.

    A subclass defines ``propose``. Alternatives are the next best of its batch.

    Attributes:
        batch: Models trained between two predictions.
    """

    batch = BATCH

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.rng = setting.rng
        self.known: dict[int, float] = {}
        self._batch: list[int] = []

    def propose(self) -> Sequence[int]:
        """Return the next models, the best first, none of them trained."""
        raise NotImplementedError

    def ask(self, count: int) -> Sequence[int]:
        """Return the next model of the batch and those that follow it."""
        size = len(self.setting.candidates)
        self._batch = [place for place in self._batch if place not in self.known]
        if not self._batch:
            if len(self.known) >= FIRST:
                self._batch.extend(self.propose()[: self.batch])
            else:
                self._batch.append(int(self.rng.random() * size))
        return self._batch[:count]

    def tell(self, place: int, accuracy: float) -> None:
        """Take note of a model's accuracy."""
        self.known[place] = accuracy

    def features(self, places: Sequence[int] | Places) -> Floats:
        """Return (len(places), F) features of some candidates; scores among them are paid for."""
        kind, scores = self.setting.features, self.setting.scores
        chosen = np.asarray(places, dtype=np.int64)
        if kind == PATHS:
            return self.setting.candidates.path_encoding[chosen]
        encoding = self.setting.candidates.encoding
        if kind == ENCODING:
            return encoding[chosen]
        if kind == ALL_PROXIES:
            return scores.matrix(scores.names, chosen)
        names = scores.names if kind == BOTH else (kind,)
        return np.hstack([encoding[chosen], scores.matrix(names, chosen)])

    def trained(self) -> tuple[Places, Floats]:
        """Return the places of the trained models and their accuracies."""
        return (
            np.fromiter(self.known, dtype=np.int64),
            np.fromiter(self.known.values(), dtype=np.float64),
        )

    def best(self, count: int) -> list[int]:
        """Return the ``count`` best trained models, the best first."""
        return sorted(self.known, key=lambda place: -self.known[place])[:count]

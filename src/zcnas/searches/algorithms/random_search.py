"""Random search: models drawn uniformly, without repetition."""

from __future__ import annotations

from collections.abc import Sequence

from zcnas.searches.algorithm import Setting


class RandomSearch:
    """Draws uniformly from the candidates that are not trained yet (RAND)."""

    def __init__(self, setting: Setting) -> None:
        self._rng = setting.rng
        self._size = len(setting.candidates)
        self._trained: set[int] = set()

    def ask(self, count: int) -> Sequence[int]:
        """Return ``count`` distinct candidates, fewer if fewer are left."""
        left = self._size - len(self._trained)
        drawn: dict[int, None] = {}
        if 2 * left < self._size:
            rest = [place for place in range(self._size) if place not in self._trained]
            return self._rng.sample(rest, min(count, left))
        while len(drawn) < min(count, left):
            place = int(self._rng.random() * self._size)
            if place not in self._trained:
                drawn[place] = None
        return list(drawn)

    def tell(self, place: int, accuracy: float) -> None:
        """Take note that a model is trained."""
        self._trained.add(place)

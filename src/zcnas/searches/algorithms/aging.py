"""Aging evolution: a population whose oldest member makes room for a mutation of a good one.

Reference: Real et al., "Regularized Evolution for Image Classifier Architecture Search", AAAI 2019,
arXiv:1802.01548; with the population of 64 and tournaments of 10 of Abdelfattah et al., "Zero-Cost
Proxies for Lightweight NAS", ICLR 2021, arXiv:2101.08134.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from zcnas.searches.algorithm import Setting

POPULATION = 64
TOURNAMENT = 10


class AgingEvolution:
    """Regularised evolution (AE).

    The first ``POPULATION`` models are random, unless a warm-up brings them. Then the best of
    ``TOURNAMENT`` members drawn with replacement has a child, one edit away, that is not trained
    yet; where there is none, a random model takes its place.
    """

    def __init__(self, setting: Setting) -> None:
        self._rng = setting.rng
        self._candidates = setting.candidates
        self._members: deque[tuple[float, int]] = deque(maxlen=POPULATION)
        self._trained: set[int] = set()

    def ask(self, count: int) -> Sequence[int]:
        """Return ``count`` children of one parent, or random models while the population grows."""
        draw = self._rng.random
        if len(self._members) < POPULATION:
            return [int(draw() * len(self._candidates)) for _ in range(count)]
        members, size = self._members, len(self._members)
        _, parent = max(members[int(draw() * size)] for _ in range(TOURNAMENT))
        trained = self._trained
        children = [c for c in self._candidates.neighbours(parent) if c not in trained]
        if not children:
            return (int(draw() * len(self._candidates)),)
        if count == 1:
            return (children[int(draw() * len(children))],)
        return self._rng.sample(children, min(count, len(children)))

    def tell(self, place: int, accuracy: float) -> None:
        """Add a member; beyond the population's size the oldest one leaves."""
        self._members.append((accuracy, place))
        self._trained.add(place)

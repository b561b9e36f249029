"""Reinforcement learning: REINFORCE with one categorical policy per choice of an architecture.

    θ ← θ + η ((R − b) ∇ log π(a) + β ∇ H(π))

R is the accuracy in units of ``SCALE`` points, b its moving average, H the entropy. The policy has
no network: a softmax over the logits of each edge, as of NAS-Bench-201's own REINFORCE.

Reference: Williams, Machine Learning 8, 1992; Dong and Yang, "NAS-Bench-201", ICLR 2020,
arXiv:2001.00326 (the policy and the average).
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence

from zcnas.searches.algorithm import Setting

LEARNING_RATE = 0.3
MEMORY = 0.9
"""Of the moving average."""
ENTROPY = 0.02
SCALE = 10.0
"""Points of accuracy that count as one unit of reward; a reward is cut to ±1 unit."""
TRIES = 100
"""Draws of an architecture that the table does not hold, before a known one is taken."""


class Reinforce:
    """REINFORCE on the choices of an architecture (RL).

    Raises:
        SearchError: The space's architectures are not a fixed list of choices.
    """

    def __init__(self, setting: Setting) -> None:
        self._rng = setting.rng
        self._place_of = setting.candidates.place_of_genes
        genes = setting.candidates.genes
        assert genes is not None
        self._size = len(genes)
        self._genes = genes
        kinds = genes.max(axis=0) + 1
        self._logits = [[0.0] * int(kind) for kind in kinds]
        self._average: float | None = None
        self._refresh()

    def ask(self, count: int) -> Sequence[int]:
        """Return ``count`` draws from the policy."""
        return [self._draw() for _ in range(count)]

    def tell(self, place: int, accuracy: float) -> None:
        """Move the policy towards a model that is better than the average, away from a worse."""
        if self._average is None:
            self._average = accuracy
        reward = max(-1.0, min(1.0, (accuracy - self._average) / SCALE))
        self._average = MEMORY * self._average + (1 - MEMORY) * accuracy
        for logits, policy, chosen in zip(
            self._logits, self._policies, self._genes[place].tolist(), strict=True
        ):
            entropy = -sum(p * math.log(p) for p in policy)
            for op, p in enumerate(policy):
                towards = (op == chosen) - p
                spread = -p * (math.log(p) + entropy)
                logits[op] += LEARNING_RATE * (reward * towards + ENTROPY * spread)
        self._refresh()

    def _draw(self) -> int:
        draw = self._rng.random
        for _ in range(TRIES):
            genes = tuple(
                min(bisect.bisect(steps, draw()), len(steps) - 1) for steps in self._steps
            )
            place = self._place_of.get(genes)
            if place is not None:
                return place
        return int(draw() * self._size)

    def _refresh(self) -> None:
        """Compute the policy, and its cumulated probabilities to draw by, from the logits."""
        self._policies = []
        self._steps = []
        for logits in self._logits:
            top = max(logits)
            weights = [math.exp(max(logit - top, -20.0)) for logit in logits]
            total = sum(weights)
            policy = [weight / total for weight in weights]
            self._policies.append(policy)
            self._steps.append(list(itertools.accumulate(policy)))

"""Zero-cost warm-up and move proposal, around any algorithm.

Reference: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, arXiv:2101.08134,
section 5.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zcnas.errors import SearchError
from zcnas.searches.algorithm import Algorithm, Setting

WARM_MODELS = 64
"""Models that a warm-up starts an algorithm with: the population of aging evolution."""
ALL = "all"


@dataclass(frozen=True)
class Warmup:
    """The best of ``pool`` random candidates by a proxy are trained first.

    Attributes:
        proxy: Whose scores.
        pool: M, how many are scored; None for all.
        models: How many of them are trained before the algorithm is asked.
    """

    proxy: str
    pool: int | None = None
    models: int = WARM_MODELS

    def __str__(self) -> str:
        return f"{self.proxy}:{ALL if self.pool is None else self.pool}"


@dataclass(frozen=True)
class Moves:
    """Of ``alternatives`` moves the best by a proxy is made."""

    proxy: str
    alternatives: int

    def __str__(self) -> str:
        return f"{self.proxy}:{self.alternatives}"


class WarmedUp:
    """An algorithm that begins with a warm-up.

    Args:
        algorithm: It is told of every model of the warm-up, best by proxy first.
        setting: What the trial gives.
        warmup: The proxy, and how many candidates it scores.
    """

    def __init__(self, algorithm: Algorithm, setting: Setting, warmup: Warmup) -> None:
        self._algorithm = algorithm
        size = len(setting.candidates)
        drawn = np.arange(size)
        if warmup.pool is not None and warmup.pool < size:
            drawn = np.array(setting.rng.sample(range(size), warmup.pool))
        scores = setting.scores.of(warmup.proxy, drawn)
        # Ties are broken at random: in the order of the draw.
        tiebreak = np.array([setting.rng.random() for _ in range(len(drawn))])
        order = np.lexsort((tiebreak, -scores))[: warmup.models]
        self._queue = deque(int(place) for place in drawn[order])

    def ask(self, count: int) -> Sequence[int]:
        """Return the next model of the warm-up; after it, what the algorithm proposes."""
        return (self._queue[0],) if self._queue else self._algorithm.ask(count)

    def tell(self, place: int, accuracy: float) -> None:
        """Tell the algorithm."""
        if self._queue and self._queue[0] == place:
            self._queue.popleft()
        self._algorithm.tell(place, accuracy)


class Proposing:
    """An algorithm of whose alternatives the best by a proxy is trained."""

    def __init__(self, algorithm: Algorithm, setting: Setting, moves: Moves) -> None:
        self._algorithm = algorithm
        self._scores = setting.scores
        self._moves = moves

    def ask(self, count: int) -> Sequence[int]:
        """Return the best alternative by the proxy; the first of equal ones."""
        alternatives = self._algorithm.ask(self._moves.alternatives)
        if len(alternatives) == 1:
            return alternatives
        scores = self._scores.of(self._moves.proxy, alternatives)
        return (alternatives[int(scores.argmax())],)

    def tell(self, place: int, accuracy: float) -> None:
        """Tell the algorithm."""
        self._algorithm.tell(place, accuracy)


def read_warmup(text: str) -> Warmup:
    """Return the warm-up that ``PROXY:M`` or ``PROXY:all`` describes.

    Raises:
        SearchError: It is not of that form.
    """
    proxy, _, pool = text.partition(":")
    if not proxy or (pool not in ("", ALL) and not _is_count(pool)):
        raise SearchError(
            f"'{text}' is not a warm-up; write PROXY:M, such as synflow:3000, or PROXY:all"
        )
    return Warmup(proxy, None if pool in ("", ALL) else int(pool))


def read_moves(text: str) -> Moves:
    """Return the move proposal that ``PROXY:K`` describes.

    Raises:
        SearchError: It is not of that form, or K is less than 2.
    """
    proxy, _, count = text.partition(":")
    if not proxy or not _is_count(count) or int(count) < 2:
        raise SearchError(
            f"'{text}' is not a move proposal; write PROXY:K with at least two moves to choose "
            "from, such as synflow:10"
        )
    return Moves(proxy, int(count))


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text) < math.inf

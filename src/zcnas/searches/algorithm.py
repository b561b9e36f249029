"""What a search algorithm is: it is asked for the next model and told the model's accuracy.

    algorithm = make("ae", candidates, random.Random(1), scores)
    (place,) = algorithm.ask(1)
    algorithm.tell(place, 71.3)

An algorithm sees candidates, random numbers and paid scores; accuracies reach it through ``tell``
alone. One of ours is a class in ``algorithms/``; another distribution adds one as an entry point in
``zcnas.searches`` (docs/plugins.md).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from zcnas.searches.budget import PaidScores
from zcnas.searches.candidates import Candidates

ENCODING = "encoding"
PATHS = "path"
ALL_PROXIES = "zc"
BOTH = "both"
"""What a predictor sees; any other text is the name of one proxy, which joins the encoding."""


@dataclass(frozen=True)
class Setting:
    """What a trial gives an algorithm.

    Attributes:
        candidates: The architectures.
        rng: The only source of random numbers: a seed gives the same trial on any machine.
        scores: The proxies' scores, paid for when they are asked for.
        features: What a predictor sees: ``encoding``, ``path`` (the path encoding), ``zc``,
            ``both``, or the encoding and one proxy by its name. Algorithms without a predictor
            ignore it.
    """

    candidates: Candidates
    rng: random.Random
    scores: PaidScores
    features: str = ENCODING


class Algorithm(Protocol):
    """Proposes models, one after the other; ``ask`` and ``tell`` take turns."""

    def ask(self, count: int) -> Sequence[int]:
        """Return alternatives for the model to train next, at least one and at most ``count``.

        They are what the algorithm would as soon train as each other: draws from its policy,
        mutations of one parent. One of them is trained and told. A model that is trained already
        costs nothing.
        """
        ...

    def tell(self, place: int, accuracy: float) -> None:
        """Take note of a model's validation accuracy.

        It may be a model the algorithm has not proposed: a warm-up trains some of its own.
        """
        ...


AlgorithmMaker = Callable[[Setting], Algorithm]
"""A class whose only argument is the setting, or a function."""

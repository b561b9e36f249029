"""``Budget``: what a trial has paid, in trained models and in seconds of proxies.

Every algorithm pays into it, whoever wrote it: models are trained by the trial's own loop, and
scores reach an algorithm only through ``PaidScores``. Nothing is paid twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zcnas.errors import SearchError
from zcnas.searches.candidates import Floats, Places


@dataclass
class Budget:
    """What a trial may train, and what it has paid.

    Attributes:
        models: How many models may be trained.
        trained: The places of the trained models, in their order.
        proxy_s: CPU seconds of the proxies' scores that were asked for.
        proxy_evaluations: How many scores were asked for.
        training_s: Seconds that the trainings took, as far as the table says.
    """

    models: int
    trained: dict[int, None] = field(default_factory=dict)
    proxy_s: float = 0.0
    proxy_evaluations: int = 0
    training_s: float = 0.0

    @property
    def is_spent(self) -> bool:
        """Whether no model may be trained any more."""
        return len(self.trained) >= self.models

    def train(self, place: int, seconds: float = 0.0) -> bool:
        """Pay for a model; return False, and pay nothing, if it is trained already."""
        if place in self.trained:
            return False
        self.trained[place] = None
        self.training_s += seconds
        return True


@dataclass(frozen=True)
class ScoreColumn:
    """One proxy's scores of all N candidates.

    Attributes:
        scores: (N,), higher is better; −inf where the proxy failed, NaN where nobody evaluated it.
        seconds: (N,), CPU seconds of each evaluation.
        origin: Where the scores are from, in words.
    """

    scores: Floats
    seconds: Floats
    origin: str


class PaidScores:
    """The proxies' scores as an algorithm sees them: each is paid for when it is first asked for.

    Args:
        columns: The proxies by name.
        budget: Who pays.
    """

    def __init__(self, columns: Mapping[str, ScoreColumn], budget: Budget) -> None:
        self._columns = columns
        self._budget = budget
        self._paid: dict[str, NDArray[np.bool_]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The proxies that have scores."""
        return tuple(self._columns)

    def of(self, proxy: str, places: Sequence[int] | Places) -> Floats:
        """Return the scores of some candidates, (len(places),); those that are new are paid for.

        Raises:
            SearchError: The proxy is unknown, or was not evaluated on one of them.
        """
        column = self._columns.get(proxy)
        if column is None:
            raise SearchError(
                f"there are no scores of '{proxy}' here; proxies with scores: "
                f"{', '.join(self._columns) or 'none'}"
            )
        chosen = np.asarray(places, dtype=np.int64)
        paid = self._paid.setdefault(proxy, np.zeros(len(column.scores), dtype=bool))
        new = chosen[~paid[chosen]]
        if len(new):
            new = np.unique(new)
            paid[new] = True
            self._budget.proxy_s += float(column.seconds[new].sum())
            self._budget.proxy_evaluations += len(new)
        found: Floats = column.scores[chosen]
        if np.isnan(found).any():
            raise SearchError(
                f"{int(np.isnan(found).sum())} of {len(found)} candidates have no score of "
                f"'{proxy}'; compute them with --compute, fill the gaps with --fit, or name another"
            )
        return found

    def matrix(self, names: Sequence[str], places: Sequence[int] | Places) -> Floats:
        """Return (len(places), proxies) scores as features, infinities cut to ±1e30."""
        columns = [np.clip(self.of(name, places), -1e30, 1e30) for name in names]
        return np.stack(columns, axis=1)

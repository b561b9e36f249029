"""Do two trainings of one network agree? The tau between seeds, its interval, and its outliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zcnas.judging.metrics import kendall_tau
from zcnas.judging.statistics import tau_interval

OUTLIER_SIGMAS = 3.0
MAD_TO_SIGMA = 1.4826
"""A normal distribution's deviation is so many times the median of its distances from the mean."""
INTERVAL_SEED = 0


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b between the first two training seeds.

    Attributes:
        tau: The value.
        low: Lower end of its 95 % interval over architectures.
        high: Upper end.
    """

    tau: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.tau:.2f} ({self.low:.2f} to {self.high:.2f})"


def seed_agreement(values: Sequence[Sequence[float]]) -> Agreement:
    """Return how far two seeds agree.

    Args:
        values: Two or more accuracies per architecture, by seed; the first two count.
    """
    first, second = [row[0] for row in values], [row[1] for row in values]
    low, high = tau_interval(first, second, INTERVAL_SEED)
    return Agreement(kendall_tau(first, second), low, high)


def outliers(values: Mapping[str, Sequence[float]]) -> tuple[str, ...]:
    """Return the architectures whose first two seeds differ by more than three deviations.

    The deviation is that of all differences, estimated by their median, which outliers do not move.
    """
    differences = {name: abs(row[0] - row[1]) for name, row in values.items()}
    sigma = MAD_TO_SIGMA * float(np.median(list(differences.values())))
    return tuple(name for name, each in differences.items() if each > OUTLIER_SIGMAS * sigma > 0)

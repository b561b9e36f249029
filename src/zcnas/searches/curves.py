"""Curves of searches, and what is read off them: models to an accuracy, ratios, paired tests.

Every trial is a staircase: the test accuracy of its best model by validation after 1, 2, … trained
models. Dimension letters: T trials, M models, R resamples.

Reference: Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993 (percentile intervals);
Wilcoxon, Biometrics Bulletin 1, 1945 (signed ranks).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats

from zcnas.searches.candidates import Floats
from zcnas.searches.trials import Incumbent, Trial

RESAMPLES = 2000
INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Reached:
    """After how many trained models an accuracy is reached.

    Attributes:
        models: By the mean curve; NaN if it never is.
        low: Lower end of the 95 % interval over trials.
        high: Upper end; infinite where resamples of the trials do not reach it.
        median: Of the single trials; infinite if less than half of them reach it.
        share: Of the trials that reach it.
    """

    models: float
    low: float
    high: float
    median: float
    share: float


def curve(trials: Sequence[Trial], models: int) -> Floats:
    """Return (T, M): the reported accuracy after each of ``models`` trained models.

    A trial that ended early keeps its best model.
    """
    curves = np.full((len(trials), models), np.nan)
    for row, trial in enumerate(trials):
        for step in trial.incumbents:
            curves[row, step.models - 1 :] = step.test
    return curves


@dataclass(frozen=True)
class Clock:
    """What time it is when a trial finds a new best model.

    Attributes:
        each_s: Seconds that every training takes; None for those that the table states.
        proxies: Whether the CPU seconds of the proxies' scores count.
    """

    each_s: float | None = None
    proxies: bool = True

    def seconds(self, step: Incumbent) -> float:
        """Return the seconds paid by a new best model."""
        trained = step.training_s if self.each_s is None else step.models * self.each_s
        return trained + (step.proxy_s if self.proxies else 0.0)


def seconds_to(trials: Sequence[Trial], target: float, clock: Clock) -> Floats:
    """Return (T,): when each trial first has a model of at least ``target``; inf if never."""
    found = (
        next((clock.seconds(step) for step in trial.incumbents if step.test >= target), math.inf)
        for trial in trials
    )
    return np.array(list(found))


def curve_over_time(trials: Sequence[Trial], seconds: Floats, clock: Clock) -> Floats:
    """Return (T, S): the reported accuracy at some times; NaN before the first model."""
    curves = np.full((len(trials), len(seconds)), np.nan)
    for row, trial in enumerate(trials):
        for step in trial.incumbents:
            curves[row, seconds >= clock.seconds(step)] = step.test
    return curves


def reached(curves: Floats, target: float, seed: int = 0) -> Reached:
    """Return after how many models the mean of (T, M) curves is at least ``target``."""
    singles = _crossings(curves, target)
    resampled = _crossings(_resampled_means(curves, seed), target)
    low, high = np.percentile(resampled, INTERVAL, method="closest_observation")
    (own,) = _crossings(curves.mean(axis=0, keepdims=True), target)
    return Reached(
        float(own) if np.isfinite(own) else float("nan"),
        float(low),
        float(high),
        float(np.median(singles)),
        float(np.isfinite(singles).mean()),
    )


def speed_up(base: Floats, other: Floats, target: float, seed: int = 0) -> tuple[float, ...]:
    """Return how many times fewer models ``other`` needs, and a 95 % interval.

    Trials are pairs, so one resample draws the same trials of both. Where the base never reaches
    the target, its budget stands for its models, and the ratio is a lower bound.
    """
    limit = float(base.shape[1])

    def ratio(of_base: Floats, of_other: Floats) -> Floats:
        needed = np.minimum(_crossings(of_base, target), limit)
        found: Floats = needed / _crossings(of_other, target)
        return found

    (own,) = ratio(base.mean(axis=0, keepdims=True), other.mean(axis=0, keepdims=True))
    resampled = ratio(_resampled_means(base, seed), _resampled_means(other, seed))
    low, high = np.percentile(resampled, INTERVAL)
    return float(own), float(low), float(high)


def paired_test(base: Floats, other: Floats) -> tuple[float, float]:
    """Return the mean difference other − base of paired accuracies (T,), and Wilcoxon's p."""
    differences = other - base
    if not differences.any():
        return 0.0, 1.0
    return float(differences.mean()), float(scipy.stats.wilcoxon(differences).pvalue)


def interval(curves: Floats, seed: int = 0) -> tuple[Floats, Floats]:
    """Return the 95 % interval of the mean of (T, M) curves at every model, (M,) each."""
    low, high = np.percentile(_resampled_means(curves, seed), INTERVAL, axis=0)
    return low, high


def _resampled_means(curves: Floats, seed: int) -> Floats:
    """Return the means of R resamples of the trials, (R, M)."""
    trials = len(curves)
    drawn = np.random.default_rng(seed).integers(trials, size=(RESAMPLES, trials))
    weights = np.zeros((RESAMPLES, trials))
    np.add.at(weights, (np.arange(RESAMPLES)[:, None], drawn), 1 / trials)
    means: Floats = weights @ curves
    return means


def _crossings(curves: Floats, target: float) -> Floats:
    """Return the first model, from 1, at which each row is at least ``target``; inf if none is."""
    above = curves >= target
    return np.where(above.any(axis=1), above.argmax(axis=1) + 1.0, np.inf)

"""The predictions of many submissions as arrays, one set per benchmark: what statistics start from.

Arrays, because 1,000 submissions × 28 benchmarks × 100 architectures are 2.8 million predictions.
The architectures of a benchmark stand best accuracy first, so column 0 is the best architecture.

Dimension letters: S submissions, N architectures, K benchmarks, R resamples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zcnas.benchmarks import Benchmark, get_benchmark
from zcnas.judging.metrics import kendall_tau
from zcnas.judging.secondary_metrics import distinct_scores, spearman, tau_a
from zcnas.judging.statistics import (
    RESAMPLES,
    Floats,
    draw_weights,
    percentile_intervals,
    rank_scores,
    resample_taus,
)
from zcnas.judging.top_k import Measured, TopMeasures
from zcnas.words.records import MISSING, STATUSES, Prediction, Reference
from zcnas.words.seeds import derive_seed

Draw = Callable[[int, int, int], NDArray[np.float32]]
"""Architectures N, seed and resamples R to how often each resample draws each, (N, R)."""
STATUS_NAMES = tuple(STATUSES)
"""What ``Outcomes.statuses`` counts in."""


@dataclass(frozen=True)
class Outcomes:
    """What became of every architecture of one benchmark under every submission.

    Attributes:
        benchmark: Which benchmark.
        tokens: The N ids, best accuracy first.
        accuracies: (N,), falling.
        unit: Of the accuracies.
        ceiling: tau-b between two training seeds, where the table has several.
        scores: (S, N), NaN where an architecture failed.
        statuses: (S, N), indices into ``STATUS_NAMES``.
        cpu_time_s: (S, N).
        reasons: Per submission, how often which (status, message) occurred.
    """

    benchmark: Benchmark
    tokens: tuple[str, ...]
    accuracies: NDArray[np.float64]
    unit: str
    ceiling: float | None
    scores: NDArray[np.float64]
    statuses: NDArray[np.uint8]
    cpu_time_s: NDArray[np.float32]
    reasons: tuple[Counter[tuple[str, str]], ...]

    def only(self, rows: Sequence[int]) -> Outcomes:
        """Return what became of every architecture under these submissions, in this order."""
        kept = np.array(rows, dtype=np.int64)
        return replace(
            self,
            scores=self.scores[kept],
            statuses=self.statuses[kept],
            cpu_time_s=self.cpu_time_s[kept],
            reasons=tuple(self.reasons[row] for row in rows),
        )

    def ranks(self) -> NDArray[np.int32]:
        """Return the dense ranks of all scores, (S, N)."""
        rows = [rank_scores(_with_none(row)) for row in self.scores]
        return np.array(rows, dtype=np.int32).reshape(self.scores.shape)

    def taus(self, failure_tau: float) -> list[float]:
        """Return the exact tau-b of every submission."""
        truth = self.accuracies.tolist()
        return [kendall_tau(_with_none(row), truth, failure_tau) for row in self.scores]

    def failures(self, submission: int) -> dict[str, int]:
        """Return how many architectures of a submission failed in which way."""
        counts = np.bincount(self.statuses[submission], minlength=len(STATUS_NAMES))
        return {
            name: int(n) for name, n in zip(STATUS_NAMES, counts, strict=True) if n and name != "ok"
        }


def _with_none(row: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else value for value in row.tolist()]


class Collector:
    """Fills the outcomes of all benchmarks, a submission at a time.

    Args:
        references: Benchmark key to the hidden half, in the phase's order.
        submissions: S.
    """

    def __init__(self, references: Mapping[str, Reference], submissions: int) -> None:
        self._outcomes = [_empty(key, ref, submissions) for key, ref in references.items()]
        self._columns = [
            {token: column for column, token in enumerate(outcomes.tokens)}
            for outcomes in self._outcomes
        ]

    @property
    def benchmarks(self) -> Sequence[Outcomes]:
        """One ``Outcomes`` per benchmark, as far as it is filled."""
        return self._outcomes

    def add(self, submission: int, predictions: Mapping[str, Iterable[Prediction]]) -> None:
        """Take in one submission's predictions; a benchmark left out stays missing."""
        for outcomes, columns in zip(self._outcomes, self._columns, strict=True):
            reasons = outcomes.reasons[submission]
            for prediction in predictions.get(outcomes.benchmark.key, ()):
                column = columns.get(prediction.id)
                if column is None:
                    continue  # scoring refuses predictions of another draw; a page need not
                outcomes.statuses[submission, column] = STATUS_NAMES.index(prediction.status)
                outcomes.cpu_time_s[submission, column] = prediction.cpu_time_s
                if prediction.value is not None:
                    outcomes.scores[submission, column] = prediction.value
                else:
                    reasons[prediction.status, prediction.message] += 1

    def put(self, submission: int, outcomes: Sequence[Outcomes]) -> None:
        """Take in what is known of one submission: an ``Outcomes`` of it alone per benchmark."""
        for own, each in zip(self._outcomes, outcomes, strict=True):
            own.scores[submission] = each.scores[0]
            own.statuses[submission] = each.statuses[0]
            own.cpu_time_s[submission] = each.cpu_time_s[0]
            if each.reasons[0]:
                own.reasons[submission].update(each.reasons[0])

    def outcomes(self, submissions: int | None = None) -> list[Outcomes]:
        """Return one ``Outcomes`` per benchmark, of the first ``submissions``; None for all."""
        count = len(self._outcomes[0].scores) if submissions is None else submissions
        return [each.only(range(count)) for each in self._outcomes]


def _empty(key: str, reference: Reference, submissions: int) -> Outcomes:
    ordered = sorted(reference.accuracies.items(), key=lambda item: -item[1])
    shape = (submissions, len(ordered))
    return Outcomes(
        benchmark=get_benchmark(key),
        tokens=tuple(token for token, _ in ordered),
        accuracies=np.array([accuracy for _, accuracy in ordered], dtype=np.float64),
        unit=reference.unit,
        ceiling=reference.noise_ceiling,
        scores=np.full(shape, np.nan),
        statuses=np.full(shape, STATUS_NAMES.index(MISSING), dtype=np.uint8),
        cpu_time_s=np.zeros(shape, dtype=np.float32),
        reasons=tuple(Counter() for _ in range(submissions)),
    )


@dataclass(frozen=True)
class Analysis:
    """How sure the taus are, and what stands beside them.

    Attributes:
        taus: (S, K).
        intervals: (S, K, 2), 95 %.
        means: (S,), the scores.
        mean_intervals: (S, 2), 95 %.
        resampled_means: (S, R), for paired comparisons.
        tau_a: (S, K).
        distinct: (S, K).
        spearman: (S, K).
        top: What a search would find, by the names of ``top_k.MEASURES``.
    """

    taus: NDArray[np.float64]
    intervals: NDArray[np.float64]
    means: NDArray[np.float64]
    mean_intervals: NDArray[np.float64]
    resampled_means: Floats
    tau_a: NDArray[np.float64]
    distinct: NDArray[np.int64]
    spearman: NDArray[np.float64]
    top: Mapping[str, Measured]


def bootstrap_seed(phase: str, benchmark: Outcomes) -> int:
    """Return the seed of a benchmark's resamples, the same in every run of a phase."""
    return derive_seed("bootstrap", phase, benchmark.benchmark.key)


def analyse(
    phase: str,
    benchmarks: Sequence[Outcomes],
    failure_tau: float,
    taus: NDArray[np.float64] | None = None,
    resamples: int = RESAMPLES,
    draw: Draw = draw_weights,
) -> Analysis:
    """Return intervals and secondary metrics of every submission on every benchmark.

    The architectures of different benchmarks are drawn independently, so their resamples are too;
    the resamples of a benchmark are the same in every run of a phase.

    Args:
        phase: The phase's name, part of the seed.
        benchmarks: K outcomes.
        failure_tau: The tau of scores that carry no ranking information.
        taus: (S, K), where they are known already.
        resamples: R.
        draw: ``draw_weights``, or what recalls its draws.
    """
    submissions, count = len(benchmarks[0].scores), len(benchmarks)
    if taus is None:
        taus = np.array([outcomes.taus(failure_tau) for outcomes in benchmarks]).T
    intervals = np.empty((submissions, count, 2))
    secondary = np.empty((3, submissions, count))
    top = TopMeasures(submissions, count, resamples)
    summed = np.zeros((submissions, resamples), dtype=np.float32)
    for column, outcomes in enumerate(benchmarks):
        ranks, truth = outcomes.ranks(), rank_scores(outcomes.accuracies.tolist())
        weights = draw(len(truth), bootstrap_seed(phase, outcomes), resamples)
        resampled = resample_taus(ranks, outcomes.accuracies, weights, failure_tau)
        summed += resampled
        intervals[:, column] = percentile_intervals(resampled)
        for row, scores in enumerate(ranks):
            secondary[:, row, column] = (
                tau_a(taus[row, column], scores, truth),
                distinct_scores(scores),
                spearman(scores, truth),
            )
        top.add(column, ranks, outcomes.accuracies, weights)
    summed /= count
    return Analysis(
        taus=taus,
        intervals=intervals,
        means=taus.mean(axis=1),
        mean_intervals=percentile_intervals(summed),
        resampled_means=summed,
        tau_a=secondary[0],
        distinct=secondary[1].astype(np.int64),
        spearman=secondary[2],
        top=top.measured(),
    )

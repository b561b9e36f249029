"""The scoring program: compares predictions with the hidden accuracies and writes ``scores.json``.

    <benchmark>.predictions.jsonl + reference_data/<phase>/<benchmark>.json ──▶ scoring ──▶
    scores.json

A pure function of its two folders; it imports no torch and runs nothing of a submission. Whatever
happened in ingestion, every column is there and finite: a failed or missing architecture is ranked
last, and a benchmark whose scores say nothing counts ``failure_tau``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from zcnas.errors import PredictionError
from zcnas.judging.metrics import kendall_tau, mean_over_benchmarks
from zcnas.phases import Phase
from zcnas.records import (
    Prediction,
    Reference,
    read_predictions,
)
from zcnas.result_files import ResultFiles

MISSING = "missing"
"""Counted for an architecture of the reference that has no line in the predictions."""


@dataclass(frozen=True)
class BenchmarkScore:
    """The outcome of one benchmark: its tau, the failures by status, and the time used."""

    tau: float
    failures: Counter[str]
    wall_time_s: float
    cpu_time_s: float


@dataclass(frozen=True)
class Scores:
    """The outcome of a submission in a phase.

    One ``BenchmarkScore`` per benchmark, in the phase's order.
    """

    benchmarks: Mapping[str, BenchmarkScore]
    failures: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        total = sum((result.failures for result in self.benchmarks.values()), Counter[str]())
        object.__setattr__(self, "failures", total)

    @property
    def score(self) -> float:
        """The mean tau over the benchmarks."""
        return mean_over_benchmarks({key: result.tau for key, result in self.benchmarks.items()})

    @property
    def wall_time_s(self) -> float:
        """Seconds of all queries."""
        return sum(result.wall_time_s for result in self.benchmarks.values())

    @property
    def cpu_time_s(self) -> float:
        """CPU seconds of all queries."""
        return sum(result.cpu_time_s for result in self.benchmarks.values())

    def columns(self) -> dict[str, float]:
        """Return the flat content of ``scores.json``.

        Score, one tau per benchmark, failed, duration in seconds.
        """
        return {
            "score": self.score,
            **{key: result.tau for key, result in self.benchmarks.items()},
            "failed": float(self.failures.total()),
            "duration": round(self.wall_time_s, 3),
        }


def score_benchmark(
    predictions: list[Prediction], reference: Reference, failure_tau: float
) -> BenchmarkScore:
    """Return the outcome of one benchmark.

    Raises:
        PredictionError: A prediction's id is not in the reference.
    """
    by_id = {prediction.id: prediction for prediction in predictions}
    if extra := sorted(set(by_id) - set(reference.accuracies)):
        raise PredictionError(
            f"{len(extra)} predictions for {reference.benchmark} have ids its reference does not "
            f"know "
            f"({', '.join(extra[:3])}, …); predictions and reference come from different draws: "
            f"run the ingestion again"
        )
    scores = [by_id[token].value if token in by_id else None for token in reference.accuracies]
    failures = Counter(
        by_id[token].status if token in by_id else MISSING for token in reference.accuracies
    )
    del failures["ok"]
    return BenchmarkScore(
        tau=kendall_tau(scores, list(reference.accuracies.values()), failure_tau),
        failures=failures,
        wall_time_s=sum(prediction.wall_time_s for prediction in predictions),
        cpu_time_s=sum(prediction.cpu_time_s for prediction in predictions),
    )


def score_submission(
    phase: Phase, predictions_dir: Path, references: Mapping[str, Reference]
) -> Scores:
    """Return the outcome of one submission.

    A benchmark without a predictions file counts as failed.

    Raises:
        PredictionError: Predictions are malformed or belong to another draw.
    """
    results = {}
    for key in phase.benchmarks:
        path = ResultFiles(predictions_dir, key).predictions
        predictions = read_predictions(path) if path.is_file() else []
        results[key] = score_benchmark(predictions, references[key], phase.failure_tau)
    return Scores(results)

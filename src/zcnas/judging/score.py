"""What the predictions of one submission amount to: a tau per benchmark, and their mean.

    predictions + hidden accuracies ──▶ score_submission ──▶ scores.json

A pure function, on the organiser's machine and on a platform; it imports no torch and runs nothing
of a submission. Whatever happened in ingestion, every column is there and finite: a failed or
missing architecture is ranked last, and a benchmark whose scores carry no ranking information
counts ``failure_tau``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zcnas.errors import PredictionError
from zcnas.judging.metrics import kendall_tau, mean_over_benchmarks
from zcnas.words.combined import read_outcomes
from zcnas.words.records import MISSING, Prediction, Reference
from zcnas.words.result_files import ResultFiles

Predictions = Mapping[str, Sequence[Prediction]]
"""Benchmark key to predictions; a benchmark left out counts as failed."""


@dataclass(frozen=True)
class BenchmarkScore:
    """The outcome of one benchmark.

    Attributes:
        tau: Kendall's tau-b.
        answered: How many queries were answered with a usable number.
        failures: How many were not, by status.
        wall_time_s: Of all queries.
        cpu_time_s: Of all queries.
    """

    tau: float
    answered: int
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
    def taus(self) -> dict[str, float]:
        """One tau per benchmark."""
        return {key: result.tau for key, result in self.benchmarks.items()}

    @property
    def score(self) -> float:
        """The mean tau over the benchmarks."""
        return mean_over_benchmarks(self.taus)

    @property
    def answered(self) -> bool:
        """Whether a query was answered on any benchmark; a submission without has no rank."""
        return any(result.answered for result in self.benchmarks.values())

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
            **self.taus,
            "failed": float(self.failures.total()),
            "duration": round(self.wall_time_s, 3),
        }


def score_submission(
    predictions: Predictions, references: Mapping[str, Reference], failure_tau: float
) -> Scores:
    """Return the outcome of one submission on every benchmark of ``references``.

    Raises:
        PredictionError: Predictions belong to another draw.
    """
    return Scores(
        {
            key: score_benchmark(predictions.get(key, ()), reference, failure_tau)
            for key, reference in references.items()
        }
    )


def score_benchmark(
    predictions: Sequence[Prediction], reference: Reference, failure_tau: float
) -> BenchmarkScore:
    """Return the outcome of one benchmark, on the architectures that the reference is about.

    Of those it leaves out only an absence counts: it says that a run is not finished.

    Raises:
        PredictionError: A prediction's id is not in the reference, or answers in parts have not
            been combined.
    """
    by_id = {prediction.id: prediction for prediction in predictions}
    if extra := sorted(set(by_id) - set(reference.tokens)):
        raise PredictionError(
            f"{len(extra)} predictions for {reference.benchmark} have ids its reference does not "
            f"know "
            f"({', '.join(extra[:3])}, …); predictions and reference come from different draws: "
            f"run the ingestion again"
        )
    if waiting := sum(prediction.is_open for prediction in predictions):
        raise PredictionError(
            f"not finished: {waiting} answers of {reference.benchmark} have not been combined; "
            "repeat the command to resume"
        )
    scores = [by_id[token].value if token in by_id else None for token in reference.accuracies]
    statuses = Counter(
        by_id[token].status if token in by_id else MISSING for token in reference.accuracies
    )
    statuses[MISSING] += sum(token not in by_id for token in reference.left_out)
    answered = statuses.pop("ok", 0)
    return BenchmarkScore(
        tau=kendall_tau(scores, list(reference.accuracies.values()), failure_tau),
        answered=answered,
        failures=+statuses,
        wall_time_s=sum(prediction.wall_time_s for prediction in predictions),
        cpu_time_s=sum(prediction.cpu_time_s for prediction in predictions),
    )


def read_submission(folder: Path, benchmarks: Iterable[str]) -> dict[str, list[Prediction]]:
    """Return the predictions in a submission's folder, combined where that was done.

    There are none where there is no file.

    Raises:
        PredictionError: A file is malformed.
    """
    files = [ResultFiles(folder, key) for key in benchmarks]
    return {each.benchmark: read_outcomes(each) for each in files if each.predictions.is_file()}

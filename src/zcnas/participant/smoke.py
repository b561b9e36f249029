"""The smoke test: two random networks of every benchmark, asked as in a run, at a small batch.

A method that is right on one search space may fail on another: a layer it does not expect, a loss
without classes, images of another size. The smoke test needs no accuracy table and takes a minute
or two; it finds what a hidden phase would count as failures without telling.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

from zcnas.benchmarks import BENCHMARKS, Benchmark, get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.errors import InputDataError, OrganiserError
from zcnas.ingestion.ingest import IngestionJob, ingest_and_combine
from zcnas.ingestion.sinks import Recording
from zcnas.isolation import Isolation
from zcnas.isolation.machine import Interruption, Machine, Waiting
from zcnas.participant.failures import Failure, failures_of
from zcnas.participant.networks import EVAL_SEED, made_up_labels, networks_of, phase_of
from zcnas.phases import Limits, Phase
from zcnas.submissions import Submission
from zcnas.words.records import Prediction, read_json, write_json

SMALL_BATCH = 4


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one benchmark.

    Attributes:
        benchmark: Its key.
        predictions: One per network.
        warning: What is odd about the scores; "" for nothing.
        wall_time_s: How long it took.
        log: What the submission printed, tracebacks included.
    """

    benchmark: str
    predictions: tuple[Prediction, ...]
    warning: str = ""
    wall_time_s: float = 0.0
    log: str = ""

    @property
    def failures(self) -> list[Failure]:
        """The networks that got no score."""
        return failures_of(self.benchmark, self.predictions)


class SmokeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a smoke test found; kept, so that a content is tested once.

    Attributes:
        sha256: Digest of the submission's content.
        isolation: Where it ran.
        trials: One per benchmark.
    """

    sha256: str
    isolation: str
    trials: tuple[Trial, ...]

    @property
    def failures(self) -> list[Failure]:
        """Every failure on every benchmark."""
        return [failure for trial in self.trials for failure in trial.failures]


@dataclass(frozen=True)
class Smoke:
    """A smoke test on this machine.

    Attributes:
        submission: The submission.
        program: The folder workers are started from.
        isolation: Where they run.
        cpus: The CPUs to use, one per benchmark at a time.
        phases: The competition's phases: batch sizes and limits are theirs.
        waiting: Told what a benchmark waits for.
    """

    submission: Submission
    program: Path
    isolation: Isolation
    cpus: Sequence[int]
    phases: Mapping[str, Phase]
    waiting: Waiting = lambda text: None

    def run(self, benchmarks: Sequence[str], finished: Callable[[Trial], None]) -> SmokeReport:
        """Return what became of each benchmark.

        Args:
            benchmarks: Their keys.
            finished: Called with each trial as it ends, from other threads.

        Raises:
            OrganiserError: This machine failed.
        """
        stop = threading.Event()

        def attempt(key: str) -> Trial:
            trial = self._try(get_benchmark(key), stop)
            finished(trial)
            return trial

        with ThreadPoolExecutor(len(self.cpus), thread_name_prefix="smoke") as threads:
            trials = [threads.submit(attempt, key) for key in benchmarks]
            try:
                done = tuple(trial.result() for trial in trials)
            except BaseException:
                stop.set()
                threads.shutdown(cancel_futures=True)
                raise
        return SmokeReport(
            sha256=self.submission.sha256, isolation=self.isolation.name, trials=done
        )

    def _try(self, benchmark: Benchmark, stop: Interruption) -> Trial:
        """Ask for a benchmark's networks; if their scores are equal, again at the phase's batch."""
        phase = phase_of(benchmark.key, self.phases)
        trial = self._ask(benchmark, SMALL_BATCH, phase.limits, stop)
        usual = phase.batch_size_of(benchmark) if benchmark.key in phase.benchmarks else 0
        if are_equal(trial.predictions) and usual > SMALL_BATCH:
            trial = self._ask(benchmark, usual, phase.limits, stop)
        return trial

    def _ask(
        self, benchmark: Benchmark, batch_size: int, limits: Limits, stop: Interruption
    ) -> Trial:
        recording = Recording()
        machine = Machine(self.cpus, stop)
        data = networks_of(benchmark, batch_size)
        with machine.lease(self.waiting) as cpu:
            job = IngestionJob(
                data=data,
                minibatch=load_minibatch(benchmark, batch_size, EVAL_SEED, None),
                submission=self.submission.folder,
                submission_name=self.submission.name,
                submission_sha256=self.submission.sha256,
                program=self.program,
                limits=limits,
                cpu=cpu,
                machine=machine,
                track=self.submission.track,
                labels=made_up_labels(benchmark),
            )
            manifest = ingest_and_combine(job, self.isolation, recording)
        return Trial(
            benchmark=benchmark.key,
            predictions=tuple(recording.outcomes),
            warning=oddity_of(recording.outcomes, batch_size),
            wall_time_s=manifest.public.wall_time_s,
            log=recording.log,
        )


def all_benchmarks() -> tuple[str, ...]:
    """Return the benchmarks of a smoke test: all of ours."""
    return tuple(BENCHMARKS)


def are_equal(predictions: Sequence[Prediction]) -> bool:
    """Return whether every network got a score and all scores are the same."""
    values = [each.value for each in predictions]
    return len(values) > 1 and None not in values and len(set(values)) == 1


def oddity_of(predictions: Sequence[Prediction], batch_size: int) -> str:
    """Return what is odd about scores that were given; "" for nothing."""
    if are_equal(predictions):
        return (
            f"two different networks got the same score, {predictions[0].value:g} (batch of "
            f"{batch_size})"
        )
    if any(each.value is not None and math.isinf(each.value) for each in predictions):
        return "a score is infinite"
    return ""


def recall_report(path: Path, sha256: str) -> SmokeReport | None:
    """Return the report kept at a path if it is of this content, else None."""
    try:
        report = read_json(path, SmokeReport, InputDataError)
    except InputDataError:
        return None
    return report if report.sha256 == sha256 else None


def keep_report(path: Path, report: SmokeReport) -> None:
    """Keep a report.

    Raises:
        OrganiserError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, report)
    except OSError as error:
        raise OrganiserError(f"cannot write {path}: {error.strerror}; make room") from None

"""The organiser's run.

Every submission on every benchmark of a phase, several at once, then the leaderboard.

    submissions ──▶ jobs (submission × benchmark) ──▶ ingestion on a CPU of its own ──▶ scoring ──▶
    leaderboard

A fault of a submission is a status in its predictions; a fault of this machine is an
``organiser_error`` of that submission and never a score. Neither stops another submission.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ingestion_program.ingestion import IngestionJob, ingest
from scoring_program.scoring import score_submission
from zcnas.datasets import Minibatch, load_minibatch
from zcnas.errors import InvalidSubmission, OrganiserError, PhaseError, ZcnasError
from zcnas.isolation import Isolation
from zcnas.isolation.program import stage_worker
from zcnas.leaderboard import Entry, EntryStatus, Leaderboard, rank_entries, write_leaderboard
from zcnas.machine import Machine
from zcnas.phases import Phase
from zcnas.records import (
    BenchmarkInput,
    Manifest,
    Prediction,
    Reference,
    read_input,
    read_reference,
    write_json,
)
from zcnas.submissions import Submission, open_submission, submission_name

Progress = Callable[[str, str, Prediction | None], None]
"""Called with (submission, benchmark, prediction).

The prediction is None when a benchmark begins.
"""

BACK_OFF_S = 1.0
"""Seconds before the first repetition; doubled before the next."""
RETRIES = 2
"""How often a benchmark is ingested again after a fault of this machine."""


@dataclass(frozen=True)
class Halves:
    """Both halves of a phase: what ingestion is given and what scoring knows."""

    inputs: dict[str, BenchmarkInput]
    references: dict[str, Reference]
    minibatches: dict[str, Minibatch]

    @property
    def architectures(self) -> int:
        """N, the architectures of one benchmark; of the largest, should they differ."""
        return max(len(data.architectures) for data in self.inputs.values())


def load_halves(
    phase: Phase, input_dir: Path, reference_dir: Path, data_dir: Path | None
) -> Halves:
    """Read both halves of a phase and make its minibatches.

    Raises:
        InputDataError: An input file is missing or malformed, or a dataset's files are damaged.
        ReferenceDataError: A reference is missing or malformed.
        PhaseError: The two halves of a benchmark name different architectures.
    """
    inputs, references, minibatches = {}, {}, {}
    for benchmark in phase.get_benchmarks():
        key = benchmark.key
        data = inputs[key] = read_input(input_dir / f"{key}.json")
        references[key] = read_reference(reference_dir / f"{key}.json")
        if {architecture.id for architecture in data.architectures} != set(
            references[key].accuracies
        ):
            raise PhaseError(
                f"{input_dir / key}.json and {reference_dir / key}.json name different "
                f"architectures: they come "
                f"from different draws. Draw both again with `zcnas sample --phase {phase.name}`"
            )
        minibatches[key] = load_minibatch(benchmark, data.batch_size, data.eval_seed, data_dir)
    return Halves(inputs, references, minibatches)


@dataclass(frozen=True)
class Competition:
    """One run of a phase.

    Attributes:
        phase: Benchmarks, limits, seeds.
        halves: The phase's data.
        isolation: Where workers run.
        cpus: The CPUs to use, one per job.
        output: One folder per submission is made here, and the leaderboard.
        progress: Told of every prediction, from several threads.
    """

    phase: Phase
    halves: Halves
    isolation: Isolation
    cpus: list[int]
    output: Path
    progress: Progress = lambda submission, benchmark, prediction: None

    def score(self, submissions: list[Path]) -> Leaderboard:
        """Score every submission, write all results below ``output``, and return the leaderboard.

        Raises:
            InvalidSubmission: Two submissions have the same name.
            OrganiserError: Nothing can be written below ``output``.
        """
        names = [submission_name(path) for path in submissions]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise InvalidSubmission(
                ", ".join(repeated), ["two submissions have this name; rename one of them"]
            )
        try:
            self.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OrganiserError(
                f"cannot write the results to {self.output}: {error.strerror}; name another OUT="
            ) from None
        machine = Machine(self.cpus)
        with (
            tempfile.TemporaryDirectory(prefix="zcnas-") as temporary,
            ThreadPoolExecutor(len(self.cpus)) as pool,
        ):
            staging = Path(temporary)
            staging.chmod(0o755)
            program = stage_worker(staging / "program")
            try:
                runs = [
                    self._submit(pool, machine, path, program, staging / "submissions" / name)
                    for path, name in zip(submissions, names, strict=True)
                ]
                entries = [run() for run in runs]
            except BaseException:
                machine.interrupted.set()
                pool.shutdown(cancel_futures=True)
                raise
        leaderboard = self._leaderboard(rank_entries(entries))
        write_leaderboard(leaderboard, self.output)
        return leaderboard

    def _submit(
        self, pool: ThreadPoolExecutor, machine: Machine, path: Path, program: Path, unpacked: Path
    ) -> Callable[[], Entry]:
        """Queue the jobs of one submission.

        The function returned waits for them and gives its entry.
        """
        name = submission_name(path)
        folder = self.output / name
        shutil.rmtree(folder, ignore_errors=True)
        try:
            submission = open_submission(path, unpacked)
        except InvalidSubmission as error:
            refusal = str(error)
            self._record_refusal(name, folder, refusal)
            return lambda: self._entry(name, name, folder, "invalid_submission", refusal)
        futures = [
            pool.submit(self._run_job, machine, submission, key, program, folder)
            for key in self.phase.benchmarks
        ]
        return lambda: self._collect(name, folder, futures)

    def _run_job(
        self, machine: Machine, submission: Submission, key: str, program: Path, folder: Path
    ) -> Manifest:
        """Ingest one benchmark of one submission on a CPU of its own.

        Our own faults are tried again.
        """

        def on_prediction(prediction: Prediction) -> None:
            if machine.interrupted.is_set():
                raise OrganiserError("the run was interrupted; start it again")
            self.progress(submission.name, key, prediction)

        for attempt in range(1 + RETRIES):
            with machine.lease() as cpu:
                job = IngestionJob(
                    data=self.halves.inputs[key],
                    minibatch=self.halves.minibatches[key],
                    submission=submission.folder,
                    submission_name=submission.name,
                    submission_sha256=submission.sha256,
                    program=program,
                    limits=self.phase.limits,
                    cpu=cpu,
                    output=folder,
                    machine=machine,
                    on_prediction=on_prediction,
                )
                self.progress(submission.name, key, None)
                try:
                    return ingest(job, self.isolation)
                except OrganiserError:
                    if attempt == RETRIES or machine.interrupted.wait(BACK_OFF_S * 2**attempt):
                        raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _collect(self, name: str, folder: Path, futures: list[Future[Manifest]]) -> Entry:
        """Wait for a submission's jobs and return its entry."""
        wait(futures)
        for fault in (future.exception() for future in futures):
            if isinstance(fault, Exception):
                return _organiser_error(name, str(fault) or repr(fault))
            if fault is not None:
                raise fault
        method = futures[0].result().public.method
        return self._entry(name, method, folder, "scored", "")

    def _entry(
        self, name: str, method: str, folder: Path, status: EntryStatus, message: str
    ) -> Entry:
        """Score a submission's predictions, write ``scores.json``, and return its entry."""
        try:
            scores = score_submission(self.phase, folder, self.halves.references)
            write_json(folder / "scores.json", scores.columns())
        except (ZcnasError, OSError) as error:
            return _organiser_error(name, str(error))
        return Entry(
            submission=name,
            method=method,
            score=scores.score,
            kendall_tau={key: result.tau for key, result in scores.benchmarks.items()},
            status=status,
            failures=dict(scores.failures),
            wall_time_s=round(scores.wall_time_s, 3),
            cpu_time_s=round(scores.cpu_time_s, 3),
            message=message,
        )

    def _record_refusal(self, name: str, folder: Path, reason: str) -> None:
        """Write predictions in which every architecture failed for the reason of the refusal."""
        folder.mkdir(parents=True)
        for key, data in self.halves.inputs.items():
            self.progress(name, key, None)
            lines = []
            for architecture in data.architectures:
                refused = Prediction(id=architecture.id, status="error", message=reason)
                lines.append(msgspec.json.encode(refused) + b"\n")
                self.progress(name, key, refused)
            (folder / f"{key}.predictions.jsonl").write_bytes(b"".join(lines))

    def _leaderboard(self, entries: tuple[Entry, ...]) -> Leaderboard:
        phase, halves = self.phase, self.halves
        sources = sorted({batch.source for batch in halves.minibatches.values()})
        return Leaderboard(
            phase=phase.name,
            title=(
                f"{phase.title} phase · {halves.architectures} architectures per benchmark · "
                f"isolation: {self.isolation.name} · images: {'; '.join(sources)}"
            ),
            isolation=self.isolation.description,
            data_sources={key: batch.source for key, batch in halves.minibatches.items()},
            accuracy_sources={
                key: f"{reference.source} {reference.version}: {reference.metric} "
                f"({reference.unit})"
                for key, reference in halves.references.items()
            },
            benchmarks=phase.benchmarks,
            entries=entries,
        )


def _organiser_error(name: str, message: str) -> Entry:
    return Entry(
        submission=name,
        method="",
        score=None,
        kendall_tau={},
        status="organiser_error",
        failures={},
        wall_time_s=0.0,
        cpu_time_s=0.0,
        message=message,
    )

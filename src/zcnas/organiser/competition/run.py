"""One run of a phase: submissions in, results and the leaderboard out.

A fault of a submission is a status in its predictions; a fault of our machines is an
``organiser_error`` of that submission and never a score. Neither stops another submission. The same
run started again goes on where the last one ended, whatever ended it.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from zcnas.errors import InvalidSubmission, OrganiserError
from zcnas.isolation import Isolation
from zcnas.isolation.image import fingerprint
from zcnas.isolation.machine import Machine
from zcnas.isolation.program import stage_worker
from zcnas.judging.leaderboard import Entry, Leaderboard, write_leaderboard
from zcnas.organiser.competition.dispatch import Dispatcher, Progress, Ticket
from zcnas.organiser.competition.engines import Engine, LocalEngine
from zcnas.organiser.competition.events import EVENTS, EventLog
from zcnas.organiser.competition.halves import Halves
from zcnas.organiser.competition.host import Host
from zcnas.organiser.competition.job import Job, MinibatchOrder, encode_minibatch
from zcnas.organiser.competition.parts import Part, SubmissionRun
from zcnas.organiser.results.folder import (
    BenchmarkBinding,
    ResultsFolder,
    RunRecord,
    SubmissionRecord,
)
from zcnas.organiser.results.ranking import digest_of_reference, entry_of, leaderboard_of
from zcnas.phases import Phase
from zcnas.records import Architecture, Prediction
from zcnas.submissions import digest_of, open_submission, pack_submission, submission_name


@dataclass(frozen=True)
class Competition:
    """One run of a phase.

    Attributes:
        phase: Benchmarks, limits, seeds.
        halves: The phase's data.
        isolation: Where workers run.
        cpus: The CPUs of this machine to use, one per job.
        output: One folder per submission is made here, and the leaderboard.
        progress: Told of every prediction, from several threads.
        anew: Delete the results of an earlier run in ``output`` instead of going on with it.
        shard: How many architectures one job has; None for a whole benchmark.
        engine: Makes what runs the jobs; None for a pool on ``cpus``.
    """

    phase: Phase
    halves: Halves
    isolation: Isolation
    cpus: list[int]
    output: Path
    progress: Progress = lambda submission, benchmark, prediction: None
    anew: bool = False
    shard: int | None = None
    engine: Callable[[], Engine] | None = None

    def score(self, submissions: list[Path]) -> Leaderboard:
        """Score every submission, write all results below ``output``, and return the leaderboard.

        Raises:
            InvalidSubmission: Two submissions have the same name.
            ResultsError: ``output`` holds results of other inputs, or another run writes to it.
            OrganiserError: Nothing can be written below ``output``.
        """
        names = [submission_name(path) for path in submissions]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise InvalidSubmission(
                ", ".join(repeated), ["two submissions have this name; rename one of them"]
            )
        results = ResultsFolder(self.output)
        try:
            with results.locked(), tempfile.TemporaryDirectory(prefix="zcnas-") as temporary:
                Path(temporary).chmod(0o755)
                return _Run(self, results, Path(temporary)).score(submissions)
        except OSError as error:
            raise OrganiserError(
                f"cannot write the results to {self.output}: {error.strerror}; make room or name "
                "another OUT=, then start the run again to go on"
            ) from None


class _Run:
    """What lives as long as one call of ``Competition.score``."""

    def __init__(self, competition: Competition, results: ResultsFolder, temporary: Path) -> None:
        self._competition = competition
        self._phase = competition.phase
        self._halves = competition.halves
        self._results = results
        self._temporary = temporary
        self._progress = competition.progress
        self._entries: dict[str, Entry] = {}
        self._references = {
            key: (reference, digest_of_reference(reference))
            for key, reference in self._halves.references.items()
        }
        self._events = EventLog(competition.output / EVENTS)
        self._program = stage_worker(temporary / "program")
        self._program_sha256 = digest_of(self._program)
        self._image = fingerprint() if competition.isolation.name == "docker" else ""

    def score(self, submissions: list[Path]) -> Leaderboard:
        """Run what is left to run and return the leaderboard of all submissions given."""
        competition = self._competition
        if competition.anew:
            self._results.clear()
        self._results.refuse_foreign([submission_name(path) for path in submissions])
        self._results.bind(self._binding())
        self._events.add("run_started", architectures=self._halves.architectures)
        engine = competition.engine() if competition.engine else self._local_engine()
        dispatcher = Dispatcher(engine, self._job, self._finish_part, self._events, self._progress)
        try:
            dispatcher.run(self._tickets(submissions))
        except BaseException as error:
            engine.stop()
            self._events.add("interrupted", message=str(error) or type(error).__name__)
            raise
        engine.close()
        leaderboard = leaderboard_of(
            self._phase,
            self._binding(),
            self._halves.references,
            [self._entries[submission_name(path)] for path in submissions],
        )
        write_leaderboard(leaderboard, competition.output)
        self._events.add("run_finished")
        return leaderboard

    def _local_engine(self) -> Engine:
        competition = self._competition
        interrupted = threading.Event()
        machine = Machine(competition.cpus, interrupted)
        host = Host(machine, competition.isolation, self._program, self._program_sha256)
        return LocalEngine(host, len(competition.cpus), interrupted)

    def _binding(self) -> RunRecord:
        """Return what the results of this run depend on."""
        return RunRecord(
            phase=self._phase.name,
            isolation=self._competition.isolation.name,
            isolation_description=self._competition.isolation.description,
            program_sha256=self._program_sha256,
            image=self._image,
            benchmarks={
                key: BenchmarkBinding(
                    input_sha256=hashlib.sha256(msgspec.json.encode(data)).hexdigest(),
                    minibatch_sha256=self._halves.minibatches[key].sha256,
                    data_source=self._halves.minibatches[key].source,
                    architectures=len(data.architectures),
                    limits=self._phase.limits,
                )
                for key, data in self._halves.inputs.items()
            },
        )

    def _tickets(self, submissions: list[Path]) -> Iterator[Ticket]:
        """Open one submission after the other and give out what is left of it."""
        for position, path in enumerate(submissions):
            name = submission_name(path)
            try:
                run = self._open(path, name, position)
            except InvalidSubmission as error:
                self._refuse(name, position, str(error))
                continue
            parts = [
                Part(run, self._halves.inputs[key], self._phase.limits)
                for key in self._phase.benchmarks
            ]
            run.open_parts = {part.data.benchmark for part in parts}
            for part in parts:
                self._tell_of_earlier(part)
                shards = part.shards(self._competition.shard)
                part.open_jobs = len(shards)
                if not shards:
                    self._finish_part(part)
                for shard in shards:
                    yield Ticket(part, shard)

    def _open(self, path: Path, name: str, position: int) -> SubmissionRun:
        """Check a submission and bind its folder to its content."""
        submission = open_submission(path, self._temporary / "submissions" / name)
        archive = pack_submission(submission.folder, self._temporary / "archives" / f"{name}.zip")
        shutil.rmtree(submission.folder)
        record = SubmissionRecord(
            name=name, sha256=submission.sha256, refusal="", position=position
        )
        folder = self._results.open_submission(record)
        self._events.add("submission_accepted", name, message=submission.sha256)
        return SubmissionRun(name, folder, submission.sha256, archive)

    def _refuse(self, name: str, position: int, reason: str) -> None:
        """Record predictions in which every architecture failed for the reason of the refusal."""
        digest = hashlib.sha256(reason.encode()).hexdigest()
        record = SubmissionRecord(name=name, sha256=digest, refusal=reason, position=position)
        folder = self._results.open_submission(record)
        self._events.add("submission_refused", name, message=reason)
        run = SubmissionRun(name, folder, digest, folder)
        for data in self._halves.inputs.values():
            part = Part(run, data, self._phase.limits)
            self._tell_of_earlier(part)
            for architecture in part.missing(data.architectures):
                refused = Prediction(id=architecture.id, status="error", message=reason)
                part.file.append(refused)
                self._progress(name, data.benchmark, refused)
            part.finish()
        self._enter(record, folder)

    def _tell_of_earlier(self, part: Part) -> None:
        """Show what an earlier run has done of a part."""
        self._progress(part.submission.name, part.data.benchmark, None)
        for prediction in part.file.take_earlier():
            self._progress(part.submission.name, part.data.benchmark, prediction)

    def _job(self, number: int, part: Part, architectures: tuple[Architecture, ...]) -> Job:
        """Return the job that asks a part's submission for some architectures."""
        key = part.data.benchmark
        record = self._halves.minibatches[key]
        used = part.file.used_before(architectures[0].id) if architectures else (0.0, 0.0)
        return Job(
            number=number,
            submission=part.submission.name,
            submission_sha256=part.submission.sha256,
            archive=part.submission.archive.read_bytes(),
            data=msgspec.structs.replace(part.data, architectures=architectures),
            limits=self._phase.limits,
            used_cpu_s=used[0],
            used_wall_s=used[1],
            minibatch=MinibatchOrder(
                source=record.source,
                sha256=record.sha256,
                content=None if record.synthetic else encode_minibatch(self._halves.load(key)),
            ),
            program_sha256=self._program_sha256,
            image=self._image,
        )

    def _finish_part(self, part: Part) -> None:
        """Close a part; with the last one of its submission, enter the submission."""
        run, key = part.submission, part.data.benchmark
        try:
            part.finish()
        except OSError as error:
            run.faults.append(f"{key}: cannot write the predictions: {error.strerror}")
        self._events.add("benchmark_finished", run.name, key, architectures=len(part.file))
        run.open_parts.discard(key)
        if not run.open_parts:
            record = self._results.note_faults(run.name, run.faults)
            self._enter(record, run.folder)
            run.archive.unlink(missing_ok=True)

    def _enter(self, record: SubmissionRecord, folder: Path) -> None:
        """Score a submission that is done."""
        entry = entry_of(record, folder, self._phase, self._references)
        self._entries[record.name] = entry
        if entry.status == "organiser_error":
            self._events.add("organiser_error", record.name, message=entry.message)
        else:
            self._events.add("submission_scored", record.name, score=entry.score)

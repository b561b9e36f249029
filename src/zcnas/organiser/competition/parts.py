"""The parts of a run: one submission on one benchmark, as a work whose units are architectures."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from zcnas.datasets.frozen import freeze_minibatch
from zcnas.errors import MAX_PROBLEM, OrganiserError
from zcnas.jobs import Job
from zcnas.organiser.competition.evaluation import Evaluation, MinibatchOrder, decode_report
from zcnas.organiser.competition.halves import Halves
from zcnas.organiser.competition.predictions_file import PredictionsFile
from zcnas.organiser.results.folder import append_log
from zcnas.organiser.results.manifests import join_manifests, read_manifest
from zcnas.phases import Limits
from zcnas.words.labels import Labels
from zcnas.words.records import Manifest, Prediction, write_json
from zcnas.words.result_files import ResultFiles
from zcnas.words.tracks import FEW_LABELS, ZERO_SHOT, Track

Progress = Callable[[str, str, Prediction | None], None]
"""Called with (submission, benchmark, prediction).

The prediction is None when a benchmark begins.
"""


@dataclass(frozen=True)
class Terms:
    """What all evaluations of a run have in common.

    Attributes:
        halves: The phase's data.
        limits: The phase's limits.
        plugins: Distributions whose code is part of the worker's program.
        program_sha256: Digest of the worker's program.
        image: Digest of what the container's image is built from; "" for none.
        reference_seconds: Whether the limits of time are reference seconds.
        run: What tells this run from others.
    """

    halves: Halves
    limits: Limits
    plugins: tuple[str, ...]
    program_sha256: str
    image: str
    reference_seconds: bool = False
    run: str = ""

    def labels(self, key: str, track: Track) -> Labels | None:
        """Return the labels that a submission of a track is given on a benchmark."""
        return self.halves.labels.get(key) if track == FEW_LABELS else None

    def minibatch(self, key: str) -> MinibatchOrder:
        """Return how a host gets the minibatch of a benchmark."""
        known = self.halves.minibatches[key]
        content = None if known.synthetic else freeze_minibatch(self.halves.load(key))
        return MinibatchOrder(sha256=known.sha256, content=content)


@dataclass
class SubmissionRun:
    """A submission in a run.

    Attributes:
        name: Its name.
        folder: Its results.
        sha256: Digest of its content.
        archive: The accepted files as a zip.
        track: The track it states.
        open_parts: Benchmarks that are not finished.
        faults: Why this machine could not finish one.
    """

    name: str
    folder: Path
    sha256: str
    archive: Path
    track: Track = ZERO_SHOT
    open_parts: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


class Part:
    """One submission on one benchmark: its files, and what is missing of them.

    Args:
        submission: The submission.
        key: The benchmark.
        terms: What it shares with the other parts of its run.
        progress: Called with every prediction, from several threads.
        waiting: Called with what a job of it waits for, from several threads.
        finished: Called when no job of it is left.
        only: The architectures to ask for; None for all.
    """

    def __init__(
        self,
        submission: SubmissionRun,
        key: str,
        terms: Terms,
        progress: Progress,
        waiting: Callable[[Part, str], None],
        finished: Callable[[Part], None],
        only: Sequence[str] | None = None,
    ) -> None:
        self.submission = submission
        self.data = terms.halves.inputs[key]
        self.labels = {"submission": submission.name, "benchmark": key}
        self._terms = terms
        self._progress = functools.partial(progress, submission.name, key)
        self._waiting = waiting
        self._finished = finished
        self._architectures = {entry.id: entry for entry in self.data.architectures}
        self._files = ResultFiles(submission.folder, key)
        self._units = tuple(self._architectures) if only is None else tuple(only)
        self._lock = threading.Lock()
        self._second_chance = True
        self._earlier = read_manifest(self._files.manifest)
        self._manifests: dict[int, Manifest] = {}
        self.file = PredictionsFile(self._files.predictions, key, self._architectures)
        self._progress(None)
        for prediction in self.file.take_earlier():
            self._progress(prediction)

    @property
    def is_complete(self) -> bool:
        """Whether every architecture is done."""
        return len(self.file) == len(self._architectures)

    @property
    def units(self) -> Sequence[str]:
        """The ids of the architectures to ask for, in the order of the draw."""
        return self._units

    def is_done(self, unit: str) -> bool:
        """Return whether an architecture is done."""
        return unit in self.file

    def payload(self, units: Sequence[str]) -> Evaluation:
        """Return what a host must know to ask the submission for some architectures.

        The first host asked has the benchmark's one second chance.
        """
        self._progress(None)
        architectures = tuple(self._architectures[unit] for unit in units)
        used_cpu_s, used_wall_s = self.file.used_before(units[0])
        second_chance, self._second_chance = self._second_chance, False
        return Evaluation(
            submission=self.submission.name,
            submission_sha256=self.submission.sha256,
            archive=self.submission.archive.read_bytes(),
            data=msgspec.structs.replace(self.data, architectures=architectures),
            limits=self._terms.limits,
            used_cpu_s=used_cpu_s,
            used_wall_s=used_wall_s,
            second_chance=second_chance,
            minibatch=self._terms.minibatch(self.data.benchmark),
            plugins=self._terms.plugins,
            program_sha256=self._terms.program_sha256,
            image=self._terms.image,
            labels=self._terms.labels(self.data.benchmark, self.submission.track),
            paced=self._terms.reference_seconds,
            run=self._terms.run,
        )

    def record(self, job: Job, report: bytes) -> None:
        """Record what a host reports on one of the jobs.

        Raises:
            OrganiserError: The report is malformed, or the disk does not take it.
        """
        told = decode_report(report, job.payload)
        if told.waiting is not None:
            self._waiting(self, told.waiting)
        if told.manifest is not None:
            self._record_manifest(job.number, told.manifest)
        new = told.prediction is not None and self.file.append(told.prediction)
        append_log(self._files.log, told.log, self._terms.limits.log_kb * 1024)
        if new:
            self._progress(told.prediction)

    def refuse(self, reason: str) -> None:
        """Record for every architecture that the submission was refused.

        Of the reason the first line; all of it is in the submission's record, once.

        Raises:
            OrganiserError: The disk does not take it.
        """
        message = reason.partition("\n")[0][:MAX_PROBLEM]
        for unit in self.units:
            refused = Prediction(id=unit, status="error", message=message)
            if self.file.append(refused):
                self._progress(refused)
        self.finish(())

    def finish(self, faults: Sequence[str]) -> None:
        """Close the files, complete or not."""
        key = self.data.benchmark
        self.submission.faults += [f"{key}: {fault}" for fault in faults]
        try:
            self.file.finish(self._terms.limits)
        except OSError as error:
            self.submission.faults.append(f"{key}: cannot write the predictions: {error.strerror}")
        self._finished(self)

    def _record_manifest(self, job: int, manifest: Manifest) -> None:
        """Write what all jobs so far amount to, with this job's latest manifest."""
        with self._lock:
            self._manifests[job] = manifest
            joined = functools.reduce(join_manifests, self._manifests.values(), self._earlier)
            assert joined is not None
            public = msgspec.structs.replace(joined.public, architectures=len(self.file))
            try:
                write_json(self._files.manifest, msgspec.structs.replace(joined, public=public))
            except OSError as error:
                raise OrganiserError(
                    f"cannot write {self._files.manifest}: {error.strerror}; make room, then "
                    "repeat the command to resume"
                ) from None

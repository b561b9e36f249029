"""A host: does one task on a CPU of its own and reports what comes of it.

The same code serves the organiser's machine and every machine of a cluster. A host is given a task
and nothing else; it needs this package and, for containers, the image.
"""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from zcnas.benchmarks import get_benchmark
from zcnas.datasets import Minibatch, load_minibatch
from zcnas.datasets.frozen import thaw_minibatch
from zcnas.errors import InputDataError, InvalidSubmission, OrganiserError
from zcnas.ingestion.combining import combine
from zcnas.ingestion.gauge import Gauge
from zcnas.ingestion.ingest import IngestionJob, ingest
from zcnas.isolation import Isolation
from zcnas.isolation.compiled import digest_of_compiled
from zcnas.isolation.machine import Interruption, Machine
from zcnas.isolation.owners import owned_folder
from zcnas.jobs import Report as SendReport
from zcnas.organiser.competition.evaluation import (
    Combination,
    Evaluation,
    MinibatchOrder,
    Report,
    Task,
)
from zcnas.organiser.competition.halves import digest_of_minibatch
from zcnas.submissions import Submission, digest_of, open_submission
from zcnas.words.combined import CombineOutcome
from zcnas.words.records import BenchmarkInput, Manifest, Prediction

NO_MINIBATCH = Minibatch(np.empty(0, np.float32), np.empty(0), "none")
"""What there is to combine answers with."""


@dataclass(frozen=True)
class Host:
    """A machine that does tasks.

    Attributes:
        cpus: Its CPUs.
        isolation: Where its workers run.
        program: The folder workers are started from.
        program_sha256: Digest of that folder, which is looked at again before each task.
        gauge: What is known of the speed of its CPUs in this run.
        compiled_sha256: Digest of the program's compiled files, looked at again as well; by
            default, of those that are there when this is made.
    """

    cpus: Sequence[int]
    isolation: Isolation
    program: Path
    program_sha256: str
    gauge: Gauge = field(default_factory=Gauge)
    compiled_sha256: str = ""

    def __post_init__(self) -> None:
        compiled_sha256 = self.compiled_sha256 or digest_of_compiled(self.program)
        object.__setattr__(self, "compiled_sha256", compiled_sha256)

    def run(self, task: Task, report: SendReport, interrupted: Interruption) -> None:
        """Ask for every architecture, or have answers combined, and report what is done at once.

        Raises:
            OrganiserError: This machine is at fault; what was reported stands.
        """
        if task.program_sha256 != self.program_sha256:
            raise OrganiserError(
                f"host {socket.gethostname()} has a different version of the worker's program; "
                "install the organiser's version there"
            )
        compiled_sha256 = digest_of_compiled(self.program)
        if (digest_of(self.program), compiled_sha256) != (
            self.program_sha256,
            self.compiled_sha256,
        ):
            raise OrganiserError(
                f"the worker's program in {self.program} on {socket.gethostname()} was changed "
                "while the run was under way; repeat the command to resume with a fresh copy"
            )
        machine = Machine(self.cpus, interrupted)
        with (
            contextlib.closing(_Reports(task, report)) as reports,
            machine.lease(reports.add_waiting) as cpu,
            owned_folder("job") as temporary,
        ):
            submission = _unpack(task, temporary)
            job = IngestionJob(
                data=task.data,
                minibatch=NO_MINIBATCH,
                submission=submission.folder,
                submission_name=task.submission,
                submission_sha256=task.submission_sha256,
                program=self.program,
                limits=task.limits,
                cpu=cpu,
                machine=machine,
                track=submission.track,
                labels=task.labels,
                gauge=self.gauge,
                reference_seconds=task.paced,
            )
            if isinstance(task, Evaluation):
                asked = dataclasses.replace(
                    job,
                    minibatch=_minibatch_of(task.minibatch, task.data),
                    second_chance=task.second_chance,
                    used_cpu_s=task.used_cpu_s,
                    used_wall_s=task.used_wall_s,
                )
                ingest(asked, self.isolation, reports)
            elif isinstance(task, Combination):
                if task.minibatch is not None:
                    minibatch = _minibatch_of(task.minibatch, task.data)
                    job = dataclasses.replace(job, minibatch=minibatch)
                reports.add_outcome(combine(job, task.answers, self.isolation, reports.add_log))


class _Reports:
    """A sink that reports what an ingestion tells it: with each prediction all that came before."""

    def __init__(self, task: Task, report: SendReport) -> None:
        self._task = task
        self._report = report
        self._manifest: Manifest | None = None
        self._log: list[str] = []
        self._lock = threading.Lock()

    def add_manifest(self, manifest: Manifest) -> None:
        self._manifest = manifest

    def add_prediction(self, prediction: Prediction) -> None:
        self._send(prediction)

    def add_log(self, text: str) -> None:
        with self._lock:
            self._log.append(text)

    def add_waiting(self, text: str) -> None:
        """Report at once what the host waits for."""
        self._send(None, waiting=text)

    def add_outcome(self, outcome: CombineOutcome) -> None:
        """Report what became of a call of ``combine``."""
        self._send(None, combined=outcome)

    def close(self) -> None:
        """Report what no prediction has brought."""
        if self._log or self._manifest is not None:
            self._send(None)

    def _send(
        self,
        prediction: Prediction | None,
        *,
        waiting: str | None = None,
        combined: CombineOutcome | None = None,
    ) -> None:
        with self._lock:
            log, self._log = "".join(self._log), []
        manifest, self._manifest = self._manifest, None
        report = Report(
            benchmark=self._task.data.benchmark,
            submission_sha256=self._task.submission_sha256,
            prediction=prediction,
            log=log,
            manifest=manifest,
            combined=combined,
            waiting=waiting,
        )
        self._report(msgspec.json.encode(report))


def _minibatch_of(order: MinibatchOrder, data: BenchmarkInput) -> Minibatch:
    """Return the minibatch that a task orders.

    Raises:
        OrganiserError: This machine makes a different one.
    """
    if order.content is not None:
        try:
            minibatch = thaw_minibatch(order.content)
        except InputDataError as error:
            raise OrganiserError(
                f"the minibatch of {data.benchmark} arrived damaged: {error}"
            ) from None
    else:
        benchmark = get_benchmark(data.benchmark)
        minibatch = load_minibatch(benchmark, data.batch_size, data.eval_seed, None)
    if digest_of_minibatch(minibatch) != order.sha256:
        raise OrganiserError(
            f"host {socket.gethostname()} makes a different minibatch of {data.benchmark} than the "
            "organiser's machine; install the same numpy there, on the same kind of CPU"
        )
    return minibatch


def _unpack(task: Task, folder: Path) -> Submission:
    """Return the submission, unpacked.

    Raises:
        OrganiserError: It is not the submission it should be.
    """
    name = task.submission
    archive = folder / f"{name}.zip"
    archive.write_bytes(task.archive)
    try:
        submission = open_submission(archive, folder / "submission" / name)
    except InvalidSubmission as error:
        raise OrganiserError(f"an accepted submission cannot be unpacked here: {error}") from None
    archive.unlink()
    (folder / "submission").chmod(0o755)
    if submission.sha256 != task.submission_sha256:
        raise OrganiserError(
            f"the submission '{name}' arrived with digest {submission.sha256[:16]} instead of "
            f"{task.submission_sha256[:16]}; repeat the command to resume"
        )
    return submission

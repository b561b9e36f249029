"""A host: runs one job on a CPU of its own and says what came of it.

The same code serves the organiser's machine and every machine of a cluster. A host is given a job
and nothing else; it needs this package and, for containers, the image.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from zcnas.benchmarks import get_benchmark
from zcnas.datasets import Minibatch, load_minibatch
from zcnas.errors import InvalidSubmission, OrganiserError
from zcnas.ingestion.ingest import IngestionJob, ingest
from zcnas.isolation import Isolation
from zcnas.isolation.machine import Machine
from zcnas.organiser.competition.halves import digest_of_minibatch
from zcnas.organiser.competition.job import Job, JobResult, Report, decode_minibatch
from zcnas.records import Manifest, Prediction, read_json
from zcnas.result_files import ResultFiles
from zcnas.submissions import open_submission


@dataclass(frozen=True)
class Host:
    """A machine that runs jobs.

    Attributes:
        machine: Its CPUs.
        isolation: Where its workers run.
        program: The folder workers are started from.
        program_sha256: Digest of that folder.
    """

    machine: Machine
    isolation: Isolation
    program: Path
    program_sha256: str

    def run(self, job: Job, report: Callable[[bytes], None]) -> bytes:
        """Run a job and return its encoded ``JobResult``; a fault of this machine is part of it.

        Args:
            job: What to run.
            report: Told of every finished architecture, as an encoded ``Report``.
        """
        told = _Account(job, report)
        fault = ""
        try:
            with (
                self.machine.lease() as cpu,
                tempfile.TemporaryDirectory(prefix="zcnas-job-") as temporary,
            ):
                folder = Path(temporary)
                folder.chmod(0o755)
                told.output = folder / "output"
                try:
                    ingest(self._ingestion(job, cpu, folder, told.add), self.isolation)
                finally:
                    told.take_rest()
        except (OrganiserError, OSError) as error:
            fault = str(error) or repr(error)
        return told.result(fault)

    def _ingestion(
        self, job: Job, cpu: int, folder: Path, on_prediction: Callable[[Prediction], None]
    ) -> IngestionJob:
        """Return the job as the ingestion program takes it, its files below ``folder``."""
        if job.program_sha256 != self.program_sha256:
            raise OrganiserError(
                f"host {socket.gethostname()} has another version of the worker's program; "
                "install the organiser's version there"
            )
        return IngestionJob(
            data=job.data,
            minibatch=_minibatch_of(job),
            submission=_unpack(job, folder),
            submission_name=job.submission,
            submission_sha256=job.submission_sha256,
            program=self.program,
            limits=job.limits,
            cpu=cpu,
            output=folder / "output",
            machine=self.machine,
            on_prediction=on_prediction,
            used_cpu_s=job.used_cpu_s,
            used_wall_s=job.used_wall_s,
        )


class _Account:
    """Collects what a job's ingestion writes, and reports it while it grows."""

    def __init__(self, job: Job, report: Callable[[bytes], None]) -> None:
        self._job = job
        self._report = report
        self._predictions: list[Prediction] = []
        self._manifest: Manifest | None = None
        self._log_read = 0
        self._rest_of_log = ""
        self.output: Path | None = None

    def add(self, prediction: Prediction) -> None:
        first = not self._predictions
        self._predictions.append(prediction)
        report = Report(
            job=self._job.number,
            prediction=prediction,
            log=self._new_log(),
            manifest=self._read_manifest() if first else None,
        )
        self._report(msgspec.json.encode(report))

    def take_rest(self) -> None:
        """Read what is left before the folder goes."""
        self._rest_of_log = self._new_log()
        if self._predictions:
            self._manifest = self._read_manifest()

    def result(self, fault: str) -> bytes:
        return msgspec.json.encode(
            JobResult(
                job=self._job.number,
                host=socket.gethostname(),
                predictions=tuple(self._predictions),
                manifest=self._manifest,
                log=self._rest_of_log,
                fault=fault,
            )
        )

    def _read_manifest(self) -> Manifest:
        assert self.output is not None
        path = ResultFiles(self.output, self._job.data.benchmark).manifest
        return read_json(path, Manifest, OrganiserError)

    def _new_log(self) -> str:
        assert self.output is not None
        path = ResultFiles(self.output, self._job.data.benchmark).log
        if not path.is_file():
            return ""
        with path.open("rb") as log:
            log.seek(self._log_read)
            content = log.read()
        # A line is taken when it is complete, so no character is cut in two.
        complete = content[: content.rfind(b"\n") + 1]
        self._log_read += len(complete)
        return complete.decode(errors="replace")


def _minibatch_of(job: Job) -> Minibatch:
    """Return the minibatch the job names.

    Raises:
        OrganiserError: This machine makes another one.
    """
    order, data = job.minibatch, job.data
    if order.content is not None:
        minibatch = decode_minibatch(order.content, order.source)
    else:
        benchmark = get_benchmark(data.benchmark)
        minibatch = load_minibatch(benchmark, data.batch_size, data.eval_seed, None)
    if digest_of_minibatch(minibatch) != order.sha256:
        raise OrganiserError(
            f"host {socket.gethostname()} makes another minibatch of {data.benchmark} than the "
            "organiser's machine; install the same numpy there, on the same kind of CPU"
        )
    return minibatch


def _unpack(job: Job, folder: Path) -> Path:
    """Return the folder with the job's submission.

    Raises:
        OrganiserError: It is not the submission it should be.
    """
    archive = folder / f"{job.submission}.zip"
    archive.write_bytes(job.archive)
    try:
        submission = open_submission(archive, folder / "submission" / job.submission)
    except InvalidSubmission as error:
        raise OrganiserError(f"an accepted submission cannot be unpacked here: {error}") from None
    archive.unlink()
    (folder / "submission").chmod(0o755)
    if submission.sha256 != job.submission_sha256:
        raise OrganiserError(
            f"the submission '{job.submission}' arrived with digest {submission.sha256[:16]} "
            f"instead of {job.submission_sha256[:16]}; start the run again"
        )
    return submission.folder

"""The parts of a run: one submission on one benchmark, and the jobs that are left of it."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from zcnas.errors import OrganiserError
from zcnas.organiser.competition.job import JobResult, Report
from zcnas.organiser.competition.predictions_file import PredictionsFile
from zcnas.organiser.results.folder import append_log, join_manifests, read_manifest
from zcnas.phases import Limits
from zcnas.records import Architecture, BenchmarkInput, Manifest, Prediction, write_json
from zcnas.result_files import ResultFiles


@dataclass
class SubmissionRun:
    """A submission in a run.

    Attributes:
        name: Its name.
        folder: Its results.
        sha256: Digest of its content.
        archive: The accepted files as a zip.
        open_parts: Benchmarks that are not finished.
        faults: Why this machine could not finish one.
    """

    name: str
    folder: Path
    sha256: str
    archive: Path
    open_parts: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


class Part:
    """One submission on one benchmark: its files, and how many of its jobs are not done.

    Reports and results of its jobs are recorded here, from several threads; what was recorded
    before is not recorded twice.
    """

    def __init__(self, submission: SubmissionRun, data: BenchmarkInput, limits: Limits) -> None:
        self.submission = submission
        self.data = data
        self.open_jobs = 0
        files = ResultFiles(submission.folder, data.benchmark)
        self._log_path = files.log
        self._manifest_path = files.manifest
        self._limits = limits
        self._lock = threading.Lock()
        self._earlier = read_manifest(self._manifest_path)
        self._manifests: dict[int, Manifest] = {}
        self.file = PredictionsFile(files.predictions, data)

    def missing(self, architectures: Iterable[Architecture]) -> tuple[Architecture, ...]:
        """Return those of some architectures that are not done."""
        return tuple(entry for entry in architectures if entry.id not in self.file)

    def shards(self, size: int | None) -> list[tuple[Architecture, ...]]:
        """Return what is missing, in shards of at most ``size`` architectures; None for one."""
        missing = self.missing(self.data.architectures)
        step = size or max(1, len(missing))
        return [missing[start : start + step] for start in range(0, len(missing), step)]

    def record(self, report: Report) -> bool:
        """Record a report; return False if its architecture was done already.

        Raises:
            OrganiserError: The disk does not take it.
        """
        if report.manifest is not None:
            self._record_manifest(report.job, report.manifest)
        new = self.file.append(report.prediction)
        append_log(self._log_path, report.log, self._limits.log_kb * 1024)
        return new

    def record_result(self, result: JobResult) -> list[Prediction]:
        """Record a job's result and return the predictions no report had brought.

        Raises:
            OrganiserError: The disk does not take it.
        """
        new = [prediction for prediction in result.predictions if self.file.append(prediction)]
        if result.manifest is not None:
            self._record_manifest(result.job, result.manifest)
        append_log(self._log_path, result.log, self._limits.log_kb * 1024)
        return new

    def finish(self) -> None:
        """Close the part's file, complete or not.

        Raises:
            OSError: The disk is full.
        """
        if self.file.complete:
            self.file.finish(self._limits)
        else:
            self.file.close()

    def _record_manifest(self, job: int, manifest: Manifest) -> None:
        """Write what all jobs so far amount to, with this job's latest manifest."""
        with self._lock:
            self._manifests[job] = manifest
            joined = functools.reduce(join_manifests, self._manifests.values(), self._earlier)
            assert joined is not None
            public = msgspec.structs.replace(joined.public, architectures=len(self.file))
            try:
                write_json(self._manifest_path, msgspec.structs.replace(joined, public=public))
            except OSError as error:
                raise OrganiserError(
                    f"cannot write {self._manifest_path}: {error.strerror}; make room, then start "
                    f"the run again to go on"
                ) from None

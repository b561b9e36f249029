"""What follows a part whose answers have parts: one call of ``combine``, a work of one unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from zcnas.errors import OrganiserError
from zcnas.jobs import Job
from zcnas.organiser.competition.evaluation import Combination, decode_report
from zcnas.organiser.competition.parts import Part, SubmissionRun, Terms
from zcnas.organiser.results.folder import append_log
from zcnas.words.combined import (
    answers_of,
    combined_of,
    digest_of_answers,
    in_order,
    read_combined,
)
from zcnas.words.records import read_predictions, write_json
from zcnas.words.result_files import ResultFiles

UNIT = "combine"


class CombinePart:
    """The answers of one submission on one benchmark, to be combined.

    Args:
        part: The finished part whose answers they are.
        terms: What it shares with the other parts of its run.
        waiting: Called with what its job waits for, from another thread.
        finished: Called when its job has ended.
    """

    def __init__(
        self,
        part: Part,
        terms: Terms,
        waiting: Callable[[CombinePart, str], None],
        finished: Callable[[CombinePart], None],
    ) -> None:
        self.submission: SubmissionRun = part.submission
        self.data = msgspec.structs.replace(part.data, architectures=())
        self.labels = part.labels
        self._terms = terms
        self._waiting = waiting
        self._finished = finished
        self._files = ResultFiles(self.submission.folder, self.data.benchmark)
        told = read_predictions(self._files.predictions)
        self._answers = in_order(answers_of(told), self.data)
        self._digest = digest_of_answers(self._answers)

    @property
    def units(self) -> Sequence[str]:
        """One, where there is anything to combine."""
        return (UNIT,) if self._answers else ()

    def is_done(self, unit: str) -> bool:
        """Return whether these very answers have been combined."""
        combined = read_combined(self._files)
        return combined is not None and combined.answers_sha256 == self._digest

    def payload(self, units: Sequence[str]) -> Combination:
        """Return what a host must know to have the answers combined."""
        key = self.data.benchmark
        labels = self._terms.labels(key, self.submission.track)
        return Combination(
            submission=self.submission.name,
            submission_sha256=self.submission.sha256,
            archive=self.submission.archive.read_bytes(),
            data=self.data,
            limits=self._terms.limits,
            plugins=self._terms.plugins,
            program_sha256=self._terms.program_sha256,
            image=self._terms.image,
            labels=labels,
            paced=self._terms.reference_seconds,
            run=self._terms.run,
            minibatch=None if labels is None else self._terms.minibatch(key),
            answers=tuple(self._answers.values()),
        )

    def record(self, job: Job, report: bytes) -> None:
        """Record what a host reports.

        Raises:
            OrganiserError: The report is malformed, or the disk does not take it.
        """
        told = decode_report(report, job.payload)
        if told.waiting is not None:
            self._waiting(self, told.waiting)
        append_log(self._files.log, told.log, self._terms.limits.log_kb * 1024)
        if told.combined is None:
            return
        combined = combined_of(self.data.benchmark, self._answers, told.combined)
        try:
            write_json(self._files.combined, combined)
        except OSError as error:
            raise OrganiserError(
                f"cannot write {self._files.combined}: {error.strerror}; make room, then repeat "
                "the command to resume"
            ) from None

    def finish(self, faults: Sequence[str]) -> None:
        """Take note that its job has ended."""
        key = self.data.benchmark
        self.submission.faults += [f"{key}, combine: {fault}" for fault in faults]
        self._finished(self)

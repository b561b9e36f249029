"""The attempts that are running: a process for each, one per CPU or as many as a cluster takes.

What a killed server left open is started first and resumes in its results folder, so that nothing
is asked twice.
"""

from __future__ import annotations

import shutil
import socket
from dataclasses import dataclass

from zcnas.errors import ZcnasError
from zcnas.organiser.results.folder import RUN, ResultsFolder
from zcnas.organiser.results.manifests import read_manifest
from zcnas.organiser.results.status import status_of
from zcnas.organiser.serving import crew
from zcnas.organiser.serving.attempts import Attempt, Run
from zcnas.organiser.serving.job import JobOrder
from zcnas.organiser.serving.line import queue_of
from zcnas.organiser.serving.orders import order
from zcnas.organiser.serving.plan import Part, Plan, Say
from zcnas.organiser.serving.store import Store
from zcnas.words.result_files import ResultFiles

FAULTS_IN_A_ROW = 3
"""After so many faults of this machine without a success, nothing further is started."""


@dataclass(frozen=True)
class _Job:
    """An attempt that runs.

    Attributes:
        attempt: The attempt.
        run: Its open run.
        process: What runs it.
    """

    attempt: Attempt
    run: Run
    process: crew.Process


class Runs(Part):
    """Runs attempts, whoever's turn it is."""

    def __init__(self, plan: Plan, store: Store, say: Say) -> None:
        super().__init__(plan, store, say)
        self._jobs: list[_Job] = []
        self._faults = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs, and nothing that could waits."""
        return not self._jobs and not self._next()

    def start(self) -> None:
        """Start as many jobs as there may be, as long as something waits and nothing is paused."""
        while len(self._jobs) < self._plan.jobs and self._store.paused() is None:
            if (attempt := self._next()) is None:
                return
            self._jobs.append(self._start(attempt))

    def collect(self) -> None:
        """Stop jobs whose attempt was taken back, and record those that have ended."""
        for job in list(self._jobs):
            if self._store.attempt(job.attempt.number).state != "running":
                job.process.stop()
            if (code := job.process.code) is not None:
                self._record(job, code)
                job.process.close()
                self._jobs.remove(job)

    def stop(self) -> None:
        """End every job; each resumes when the server is started again."""
        for job in self._jobs:
            job.process.interrupt()
        for job in self._jobs:
            job.process.stop()
            job.process.close()
        self._jobs.clear()

    def _next(self) -> Attempt | None:
        """Return whose turn it is: first what was running when an earlier server ended."""
        out = {job.attempt.number for job in self._jobs}  # one that was put back ends first
        waiting = (*self._store.attempts("running"), *queue_of(self._store))
        served = (each for each in waiting if self._plan.phase(each.phase) is not None)
        return next((each for each in served if each.number not in out), None)

    def _start(self, attempt: Attempt) -> _Job:
        served = self._plan.phase(attempt.phase)
        assert served is not None
        run = self._store.begin_run(attempt)
        out = self._plan.layout.run(run.number)
        out.mkdir(parents=True, exist_ok=True)
        bound = self._plan.layout.results(attempt.phase, run.generation) / RUN
        if bound.is_file() and not (out / RUN).exists():
            shutil.copyfile(bound, out / RUN)  # so it is refused where the board would be mixed
        told = order(
            JobOrder,
            served,
            data=str(self._plan.data or ""),
            isolation=self._plan.isolation,
            cpus=tuple(self._plan.cpus),
            scheduler=self._plan.scheduler,
            archive=str(self._plan.layout.archive(attempt.name)),
            out=str(out),
        )
        self._say(f"{attempt.name}: run {run.number}")
        return _Job(attempt, run, crew.start(self._plan.job, told))

    def _record(self, job: _Job, code: int) -> None:
        """Close a run: scored, or a fault of ours, or taken back meanwhile."""
        results = ResultsFolder(self._plan.layout.run(job.run.number))
        fault = self._fault_of(job, code, results)
        with self._store.transaction():
            state = self._store.attempt(job.attempt.number).state
            if state == "waiting":
                pass  # it was put back before this one had ended: the run stays open, to resume
            elif state != "running":
                self._store.end_run(job.run.number, f"stopped: the attempt is {state}")
            else:
                self._store.end_run(job.run.number, fault, **_facts_of(results, job.attempt.name))
                self._store.set_state(job.attempt.number, "failed" if fault else "scored")
        self._say(f"{job.attempt.name}: {fault or 'scored' if state == 'running' else state}")
        if state == "running":
            self._count(fault)

    def _fault_of(self, job: _Job, code: int, results: ResultsFolder) -> str:
        """Return why an attempt could not be run here; "" if it was, to its end."""
        if code:
            return job.process.words() or f"the job's process ended with code {code}"
        try:
            (status,) = status_of(results).submissions
            if status.state != "done":
                return status.reason or f"{status.architectures} of {status.of} were done"
            self._bind(job, results)
        except ZcnasError as error:
            return str(error)
        return ""

    def _bind(self, job: _Job, results: ResultsFolder) -> None:
        """Have a generation's results folder belong to what its first run was given.

        Raises:
            ResultsError: This one was given something else.
        """
        board = self._plan.layout.results(job.attempt.phase, job.run.generation)
        ResultsFolder(board).bind(results.bound())

    def _count(self, fault: str) -> None:
        """Pause after a row of faults: a machine that fails must not fail the whole queue."""
        self._faults = self._faults + 1 if fault else 0
        if self._faults >= FAULTS_IN_A_ROW:
            self._faults = 0
            self._store.pause(f"{FAULTS_IN_A_ROW} faults of this machine in a row: {fault}")
            self._say("paused; fix it, then `zcnas queue requeue` and `zcnas queue resume`")


def _facts_of(results: ResultsFolder, name: str) -> dict[str, str]:
    """Return what is known of where a run was made, for its row."""
    facts = {"machine": socket.gethostname()}
    try:
        record = results.record()
    except ZcnasError:
        record = None
    if record is not None:
        facts |= {"image": record.image, "program": record.program_sha256}
        for key in record.benchmarks:
            manifest = read_manifest(ResultFiles(results.folder_of(name), key).manifest)
            if manifest is not None:
                facts["cpu_model"] = manifest.public.cpu_model
    return facts

"""What a results folder says of its run at any time: done, running, failed and why.

Read from the files of the run, so it can be asked during the run and after it has died.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from zcnas.errors import PredictionError
from zcnas.jobs import read_events
from zcnas.jobs.events import EVENTS
from zcnas.jobs.status import JobStatus, job_statuses
from zcnas.organiser.competition.events import RunEvent
from zcnas.organiser.results.folder import ResultsFolder, RunRecord, SubmissionRecord
from zcnas.words.combined import read_outcomes
from zcnas.words.result_files import ResultFiles

State = Literal["done", "running", "waiting", "refused", "organiser_error"]


class SubmissionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a submission is.

    Attributes:
        name: The submission.
        state: ``waiting`` if something is left and no job of it is under way.
        architectures: How many are done.
        of: Of how many.
        failures: How many of them failed, by status.
        benchmarks: The benchmarks under way.
        reason: Why it was refused or could not be scored, what its last job failed with, or what
            it waits for.
    """

    name: str
    state: State
    architectures: int
    of: int
    failures: dict[str, int] = msgspec.field(default_factory=dict)
    benchmarks: tuple[str, ...] = ()
    reason: str = ""


class RunStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run is.

    Attributes:
        phase: Its phase.
        active: Whether a command is working on it.
        submissions: Those it has started, in the order of arrival.
        last_event: Time and name of the last event.
    """

    phase: str
    active: bool
    submissions: tuple[SubmissionStatus, ...]
    last_event: str


def status_of(results: ResultsFolder) -> RunStatus:
    """Return where the run of a results folder is.

    Raises:
        ResultsError: No run has used the folder.
    """
    run = results.bound()
    active = results.in_use()
    events = read_events(results.path / EVENTS, RunEvent)
    jobs: dict[str, dict[str, JobStatus]] = {}
    statuses = job_statuses(events, lambda event: (event.submission, event.benchmark))
    for (name, key), status in statuses.items():
        jobs.setdefault(name, {})[key] = status
    submissions = tuple(
        _submission(results, run, record, jobs.get(record.name, {}), active)
        for record in results.submissions()
    )
    last = f"{events[-1].time} {events[-1].event}" if events else ""
    return RunStatus(phase=run.phase, active=active, submissions=submissions, last_event=last)


def _submission(
    results: ResultsFolder,
    run: RunRecord,
    record: SubmissionRecord,
    jobs: dict[str, JobStatus],
    active: bool,
) -> SubmissionStatus:
    folder = results.folder_of(record.name)
    statuses = Counter(
        status
        for key in run.benchmarks
        for status in _statuses(ResultFiles(folder, key).predictions)
    )
    done = statuses.total()
    total = sum(binding.architectures for binding in run.benchmarks.values())
    benchmarks = tuple(key for key, status in jobs.items() if active and status.running)
    failures = [f"{key}, {status.failure}" for key, status in jobs.items() if status.failure]
    uncombined = [key for key in run.benchmarks if _waits_for_combine(ResultFiles(folder, key))]
    waits = next((jobs[key].waiting for key in benchmarks if jobs[key].waiting), "")
    state: State
    if record.refusal:
        state = "refused"
    elif done == total and not uncombined:
        state = "done"
    elif benchmarks:
        state = "running"
    elif record.fault:
        state = "organiser_error"
    else:
        state = "waiting"
    reason = record.refusal or record.fault or (failures[-1] if failures and done < total else "")
    if state == "running" and waits:
        reason = waits
    elif done == total and uncombined and not reason:
        reason = f"answers wait to be combined: {', '.join(uncombined)}"
    return SubmissionStatus(
        name=record.name,
        state=state,
        architectures=done,
        of=total,
        failures={status: count for status, count in sorted(statuses.items()) if status != "ok"},
        benchmarks=benchmarks,
        reason=reason,
    )


def _waits_for_combine(files: ResultFiles) -> bool:
    """Return whether there are answers in parts that have not been combined."""
    try:
        return files.predictions.is_file() and any(each.is_open for each in read_outcomes(files))
    except PredictionError:  # told when it is judged
        return False


class _Line(msgspec.Struct):
    """What this module reads of a prediction."""

    status: str


def _statuses(path: Path) -> Iterator[str]:
    """Yield the status of every whole line; one that cannot be read is told when it is judged."""
    decoder = msgspec.json.Decoder(_Line)
    for line in path.read_bytes().splitlines(keepends=True) if path.is_file() else ():
        if line.endswith(b"\n"):
            try:
                yield decoder.decode(line).status
            except msgspec.MsgspecError:
                yield "unreadable"

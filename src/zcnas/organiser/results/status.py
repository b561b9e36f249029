"""What a results folder says of its run at any time: done, running, failed and why.

Read from the files of the run, so it can be asked while the run goes on, and after it has died.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from zcnas.organiser.competition.events import Event, read_events
from zcnas.organiser.results.folder import ResultsFolder, RunRecord, SubmissionRecord
from zcnas.result_files import ResultFiles

State = Literal["done", "running", "waiting", "refused", "organiser_error"]


class SubmissionStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a submission is.

    Attributes:
        name: The submission.
        state: ``waiting`` if something is left and no job of it is under way.
        architectures: How many are done.
        of: Of how many.
        benchmarks: The benchmarks under way.
        reason: Why it was refused or could not be scored, or what its last job failed with.
    """

    name: str
    state: State
    architectures: int
    of: int
    benchmarks: tuple[str, ...] = ()
    reason: str = ""


class RunStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run is.

    Attributes:
        phase: Its phase.
        active: Whether a command is working on it.
        submissions: Those it has begun, in the order of arrival.
        last_event: Time and name of the last event.
    """

    phase: str
    active: bool
    submissions: tuple[SubmissionStatus, ...]
    last_event: str


@dataclass
class _Seen:
    """What the event log says of a submission."""

    under_way: dict[str, int] = field(default_factory=dict)
    failure: str = ""


def status_of(results: ResultsFolder) -> RunStatus:
    """Return where the run of a results folder is.

    Raises:
        ResultsError: No run has used the folder.
    """
    run = results.bound()
    active = results.in_use()
    events = read_events(results.path)
    seen = _read(events)
    submissions = tuple(
        _submission(results, run, record, seen.get(record.name, _Seen()), active)
        for record in results.submissions()
    )
    last = f"{events[-1].time} {events[-1].event}" if events else ""
    return RunStatus(phase=run.phase, active=active, submissions=submissions, last_event=last)


def _read(events: list[Event]) -> dict[str, _Seen]:
    """Return what is under way and what failed last, by submission."""
    seen: dict[str, _Seen] = {}
    for event in events:
        if event.event == "run_started":
            seen.clear()
        state = seen.setdefault(event.submission, _Seen())
        jobs = state.under_way
        if event.event == "job_started":
            jobs[event.benchmark] = jobs.get(event.benchmark, 0) + 1
        elif event.event in ("job_finished", "job_failed"):
            jobs[event.benchmark] = jobs.get(event.benchmark, 1) - 1
            failed = f"{event.benchmark}, attempt {event.attempt}: {event.message}"
            state.failure = failed if event.event == "job_failed" else ""
    return seen


def _submission(
    results: ResultsFolder, run: RunRecord, record: SubmissionRecord, seen: _Seen, active: bool
) -> SubmissionStatus:
    folder = results.folder_of(record.name)
    done = 0
    for key in run.benchmarks:
        path = ResultFiles(folder, key).predictions
        if path.is_file():
            done += path.read_bytes().count(b"\n")
    total = sum(binding.architectures for binding in run.benchmarks.values())
    benchmarks = tuple(key for key, jobs in seen.under_way.items() if jobs > 0) if active else ()
    state: State
    if record.refusal:
        state = "refused"
    elif done == total:
        state = "done"
    elif benchmarks:
        state = "running"
    elif record.fault:
        state = "organiser_error"
    else:
        state = "waiting"
    reason = record.refusal or record.fault or (seen.failure if done < total else "")
    return SubmissionStatus(
        name=record.name,
        state=state,
        architectures=done,
        of=total,
        benchmarks=benchmarks,
        reason=reason,
    )

"""Trials as work for ``zcnas.jobs``: here or on a cluster, resumed where they ended.

    Plan, Arena ──▶ TrialWork ──▶ run_trials on some host ──▶ OUT/trials.jsonl

A unit is a trial. A job carries the arena, so a cluster's hosts need no tables; they are the
organiser's own, and what it holds is published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from filelock import FileLock, Timeout

from zcnas.errors import OrganiserError, ResultsError, SearchError
from zcnas.isolation.machine import Interruption
from zcnas.jobs.dispatch import Dispatcher
from zcnas.jobs.events import EVENTS, EventLog
from zcnas.jobs.lines import LinesFile, read_lines
from zcnas.jobs.pools import JobPool, LocalPool, working
from zcnas.jobs.work import Job, Report
from zcnas.searches.arena import Arena
from zcnas.searches.plans import Plan
from zcnas.searches.trials import Trial, run_trial

TRIALS = "trials.jsonl"
SEARCH = "search.json"
LOCK = ".lock"
JOB_TRIALS = 10
"""Trials of one job: few enough to lose little, enough to carry the arena seldom."""

FIRST_MODELS = 12
"""Models of the trial that is run first, so that a plan that cannot be run fails once and at once:
enough for a predictor to be asked."""

Progress = Callable[[int, int], None]
"""Told how many of how many trials are done."""


class SearchRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``search.json``: what the trials in a folder are of.

    Attributes:
        name: What the search is called.
        benchmark: A benchmark's key.
        algorithm: Its name.
        warmup: As it was asked for; "" for none.
        moves: As they were asked for; "" for none.
        features: What the predictor sees.
        models: The budget of a trial.
        seed: Of all trials.
        candidates: How many architectures there are.
        validation: What decides, in words.
        test: What is reported, in words.
        sha256: Of the two tables.
        scores: Proxy to where its scores are from.
        best_test: The best test accuracy of any candidate.
    """

    name: str
    benchmark: str
    algorithm: str
    warmup: str
    moves: str
    features: str
    models: int
    seed: int
    candidates: int
    validation: str
    test: str
    sha256: tuple[str, str]
    scores: dict[str, str]
    best_test: float


def describe(plan: Plan, arena: Arena) -> SearchRecord:
    """Return the record of a search."""
    return SearchRecord(
        plan.name, plan.benchmark, plan.algorithm, str(plan.warmup or ""), str(plan.moves or ""),
        plan.features, plan.models, plan.seed, len(arena), *arena.metrics, arena.sha256,
        {name: column.origin for name, column in arena.columns.items()}, float(arena.test.max()),
    )  # fmt: skip


class TrialWork:
    """The trials of one search.

    Args:
        plan: What they have in common.
        arena: What is searched.
        trials: How many there are to be.
        folder: Where their lines are.
        progress: Told after each.
    """

    def __init__(
        self, plan: Plan, arena: Arena, trials: int, folder: Path, progress: Progress | None = None
    ) -> None:
        self._plan = plan
        self._arena = arena
        self._units = tuple(map(str, range(trials)))
        self._progress = progress
        self._file: LinesFile[Trial] = LinesFile(
            folder / TRIALS, lambda trial: str(trial.trial), lambda path: read_lines(path, Trial)
        )
        self._file.take_earlier()
        self.faults: tuple[str, ...] = ()

    @property
    def labels(self) -> Mapping[str, str]:
        """The search's name and its benchmark."""
        return {"search": self._plan.name, "benchmark": self._plan.benchmark}

    @property
    def units(self) -> Sequence[str]:
        """The trials' numbers."""
        return self._units

    def is_done(self, unit: str) -> bool:
        """Return whether a trial has a line."""
        return unit in self._file

    def payload(self, units: Sequence[str]) -> tuple[Plan, Arena, tuple[int, ...]]:
        """Return what a job runs."""
        return self._plan, self._arena, tuple(map(int, units))

    def record(self, job: Job, report: bytes) -> None:
        """Append a trial.

        Raises:
            OrganiserError: It is malformed or of another job, or the disk is full.
        """
        try:
            trial = msgspec.json.decode(report, type=Trial)
        except msgspec.MsgspecError as error:
            raise OrganiserError(f"job {job.number} reported no trial: {error}") from None
        if trial.trial not in job.payload[2]:
            raise OrganiserError(f"job {job.number} reported trial {trial.trial}, not its own")
        self._file.append(trial)
        if self._progress is not None:
            self._progress(len(self._file), len(self._units))

    def finish(self, faults: Sequence[str]) -> None:
        """Close the file and keep why trials are missing."""
        self._file.close()
        self.faults = tuple(faults)


def run_trials(payload: Any, report: Report, interrupted: Interruption) -> None:
    """Run the trials of a job; report each as it is done."""
    plan, arena, numbers = payload
    for number in numbers:
        if interrupted.is_set():
            return
        report(msgspec.json.encode(run_trial(plan, arena, number)))


def run_search(
    plan: Plan,
    arena: Arena,
    trials: int,
    folder: Path,
    pool: Callable[[], JobPool] | None = None,
    progress: Progress | None = None,
) -> list[Trial]:
    """Run what is missing of a search's trials and return all of them, in their order.

    Args:
        plan: The search.
        arena: What is searched, with the scores it needs.
        trials: How many trials there are to be.
        folder: The results folder; repeating the call resumes.
        pool: Opens the pool that runs them; by default one thread of this process.
        progress: Told after each trial.

    Raises:
        ResultsError: The folder holds another search, or another run is writing to it.
        OrganiserError: Trials could not be run.
        SearchError: The plan cannot be run on this arena.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        _check_record(folder, describe(plan, arena))
        work = TrialWork(plan, arena, trials, folder, progress)
        events = EventLog(folder / EVENTS)
        if any(not work.is_done(unit) for unit in work.units):
            run_trial(replace(plan, models=FIRST_MODELS), arena, 0)  # what is wrong, at once
            with working(pool() if pool else LocalPool(run_trials, 1), events) as opened:
                Dispatcher(opened, events, JOB_TRIALS).run([work])
        if work.faults:
            raise OrganiserError(
                f"some trials are missing: {work.faults[0]}; repeat the command to resume"
            )
    return read_trials(folder)[:trials]


def read_trials(folder: Path) -> list[Trial]:
    """Return the trials in a results folder, in the order of their numbers.

    Raises:
        ResultsError: There are none, or a line is malformed.
    """
    path = folder / TRIALS
    found = read_lines(path, Trial) if path.is_file() else []
    if not found:
        raise ResultsError(f"there are no trials in {folder}; run `zcnas search --out {folder}`")
    return sorted(found, key=lambda trial: trial.trial)


def read_record(folder: Path) -> SearchRecord:
    """Return what the trials in a folder are of.

    Raises:
        ResultsError: The folder holds no search, or its record is malformed.
    """
    path = folder / SEARCH
    try:
        return msgspec.json.decode(path.read_bytes(), type=SearchRecord)
    except OSError:
        raise ResultsError(
            f"{folder} holds no search: there is no {path}; name the --out of a `zcnas search`"
        ) from None
    except msgspec.MsgspecError as error:
        raise ResultsError(f"{path} is malformed: {error}; delete the folder and repeat") from None


def all_records(folders: Iterable[Path]) -> dict[str, tuple[SearchRecord, list[Trial]]]:
    """Return the searches of some folders by name.

    Raises:
        SearchError: Two have one name, or they were reported on different tables.
    """
    found: dict[str, tuple[SearchRecord, list[Trial]]] = {}
    for folder in folders:
        record = read_record(folder)
        for other, _ in found.values():
            if (record.benchmark, record.sha256) != (other.benchmark, other.sha256):
                raise SearchError(
                    f"{folder} searched {record.benchmark} by {record.test}, {other.name} "
                    f"{other.benchmark} by {other.test}; compare searches of one benchmark"
                )
        if record.name in found:
            raise SearchError(f"two of the folders hold '{record.name}'; name each search once")
        found[record.name] = record, read_trials(folder)
    return found


def _check_record(folder: Path, record: SearchRecord) -> None:
    """Write the record of a new folder; refuse a folder with another search.

    Raises:
        ResultsError: The folder holds another search.
    """
    path = folder / SEARCH
    if path.is_file():
        earlier = read_record(folder)
        for name in SearchRecord.__struct_fields__:
            if getattr(earlier, name) != getattr(record, name):
                raise ResultsError(
                    f"{folder} holds a search whose {name} is {getattr(earlier, name)}, not "
                    f"{getattr(record, name)}; name another --out"
                )
        return
    path.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder against other runs, which would run the same trials again."""
    try:
        with FileLock(folder / LOCK, blocking=False, thread_local=False):
            yield
    except Timeout:
        raise ResultsError(
            f"another run is writing to {folder}; wait for it, stop it, or name another --out"
        ) from None

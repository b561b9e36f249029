"""Trials as work for ``zcnas.jobs``: here or on a cluster, resumed where they ended.

    Plan, Arena ──▶ RecordedWork ──▶ run_trials on some host ──▶ OUT/trials.jsonl

A unit is a trial. A job carries the arena, so a cluster's hosts need no tables; they are the
organiser's own, and what it holds is published.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import msgspec

from zcnas.errors import ResultsError, SearchError
from zcnas.isolation.machine import Interruption
from zcnas.jobs.lines import read_lines
from zcnas.jobs.pools import JobPool, LocalPool
from zcnas.jobs.recorded import Payload, RecordedWork, held, run_works
from zcnas.jobs.work import Report
from zcnas.searches.arena import Arena
from zcnas.searches.plans import Plan
from zcnas.searches.trials import Trial, run_trial

TRIALS = "trials.jsonl"
SEARCH = "search.json"
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


def run_trials(payload: Payload, report: Report, interrupted: Interruption) -> None:
    """Run the trials of a job; report each as it is done."""
    plan, arena = payload.terms
    for number in map(int, payload.units):
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
    done = itertools.count(1)
    with held(folder):
        _check_record(folder, describe(plan, arena))
        work: RecordedWork[Trial] = RecordedWork(
            folder / TRIALS,
            Trial,
            lambda trial: str(trial.trial),
            tuple(map(str, range(trials))),
            {"search": plan.name, "benchmark": plan.benchmark},
            (plan, arena),
            lambda _: progress(next(done), trials) if progress else None,
        )
        if missing := sum(not work.is_done(unit) for unit in work.units):
            done = itertools.count(trials - missing + 1)
            run_trial(replace(plan, models=FIRST_MODELS), arena, 0)  # what is wrong, at once
            opened = pool() if pool else LocalPool(run_trials, 1)
            run_works([work], folder, opened, JOB_TRIALS)
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

"""The rules of version 2 for phases: their order in time, their limits, their tasks."""

from __future__ import annotations

import datetime
from typing import Any

from zcnas.organiser.platforms.check.dates import Moment, as_moment
from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.leaderboards import check_unique
from zcnas.organiser.platforms.check.located import Place
from zcnas.organiser.platforms.check.parts import check_truth_is_hidden, read_part
from zcnas.organiser.platforms.check.source import BundleFiles
from zcnas.organiser.platforms.check.values import check_label, check_switches, whole_number

PHASE_KEYS = (
    *("index", "name", "description", "start", "end", "tasks", "execution_time_limit"),
    *("max_submissions", "max_submissions_per_day", "auto_migrate_to_this_phase", "hide_output"),
    *("hide_prediction_output", "hide_score_output", "starting_kit", "public_data"),
    "accepts_only_result_submissions",
)
_SWITCHES = (
    *("auto_migrate_to_this_phase", "hide_output", "hide_prediction_output", "hide_score_output"),
)
_HANDED_OUT = ("public_data", "starting_kit")
MAX_NAME = 256
GRANTED_S, GRANTED_IN_PUBLIC_S = 600, 1200
"""Seconds of a submission on a server's shared queue, by default and on the public server."""


def check_phases(
    content: dict[Any, Any],
    tasks: dict[Any, Any],
    files: BundleFiles,
    findings: Findings,
    now: Moment,
) -> None:
    """Check all phases, each on its own and one after another."""
    phases = content.get("phases")
    if not isinstance(phases, list) or not phases:
        findings.add("phases", f"phases is {phases!r}; write a list of phases", "phases")
        return
    numbered = [(number, phase) for number, phase in enumerate(phases) if isinstance(phase, dict)]
    for number, phase in enumerate(phases):
        if not isinstance(phase, dict):
            findings.add(
                "phases", f"phase {number} is {phase!r}; write a mapping", "phases", number
            )
    for number, phase in numbered:
        _check_phase(phase, ("phases", number), tasks, files, findings)
        _check_granted(phase, bool(content.get("queue")), ("phases", number), findings)
    check_unique(
        [(phase.get("name"), ("phases", number, "name")) for number, phase in numbered],
        ("phase-name", "the phase's name"),
        findings,
    )
    check_unique(
        [
            (phase["index"], ("phases", number, "index"))
            for number, phase in numbered
            if "index" in phase
        ],
        ("phase-number", "the phase's index"),
        findings,
    )
    _check_order(numbered, findings, now)


def _check_phase(
    phase: dict[Any, Any],
    place: Place,
    tasks: dict[Any, Any],
    files: BundleFiles,
    findings: Findings,
) -> None:
    findings.known(phase, PHASE_KEYS, place)
    name = phase.get("name")
    check_label(name, "phase-name", "the phase's name", (*place, "name"), MAX_NAME, findings)
    check_switches(phase, _SWITCHES, place, findings)
    if "index" in phase:
        findings.whole(phase["index"], "phase-number", "index", (*place, "index"), 0)
    check_limits(phase, place, findings)
    named = phase.get("tasks")
    if not isinstance(named, list) or not named:
        findings.add("phase-task", f"tasks is {named!r}; name at least one task", *place, "tasks")
        named = []
    for index in named:
        if index not in tasks:
            known = ", ".join(map(str, tasks)) or "none"
            message = f"there is no task {index!r}; existing tasks: {known}"
            findings.add("phase-task", message, *place, "tasks")
            continue
        given = {key: phase.get(key) for key in _HANDED_OUT}
        check_truth_is_hidden(tasks[index].get("reference_data"), given, findings, place)
    for key in _HANDED_OUT:
        if key in phase:
            read_part(phase[key], files, findings, (*place, key))


def check_limits(phase: dict[Any, Any], place: Place, findings: Findings) -> None:
    """Check a phase's limits; nothing and 0 mean none, which is seldom intended for submissions."""
    for key in ("execution_time_limit", "max_submissions", "max_submissions_per_day"):
        value = phase.get(key)
        if value is None:
            continue
        number = whole_number(value)
        if number is None or number < 0:
            message = f"{key} is {value!r}; write an integer of at least 0"
            findings.add("phase-limit", message, *place, key)
        elif number == 0:
            means = f"{GRANTED_S} s" if key == "execution_time_limit" else "no limit"
            message = f"{key} is 0, which the platform takes as {means}; write the limit you mean"
            findings.add("phase-limit-zero", message, *place, key)


def _check_granted(phase: dict[Any, Any], queue: bool, place: Place, findings: Findings) -> None:
    limit = whole_number(phase.get("execution_time_limit"))
    if limit is not None and limit > GRANTED_IN_PUBLIC_S and not queue:
        findings.add(
            "time-granted",
            f"execution_time_limit is {limit}, but without a queue of its own a competition is "
            f"granted {GRANTED_S} s, {GRANTED_IN_PUBLIC_S} s on the public server, and what runs "
            "longer loses its results; name your queue, or lower the limit",
            *place,
            "execution_time_limit",
        )


def _check_order(
    numbered: list[tuple[int, dict[Any, Any]]], findings: Findings, now: Moment
) -> None:
    """Check that phases follow one another in time."""

    def order(item: tuple[int, dict[Any, Any]]) -> int:
        index = item[1].get("index", 0)
        return index if isinstance(index, int) else 0

    before: tuple[Any, datetime.datetime | None] | None = None
    in_order = sorted(numbered, key=order)
    for position, (number, phase) in enumerate(in_order):
        place: Place = ("phases", number)
        start = as_moment(phase.get("start"), findings, (*place, "start"))
        end = None
        if phase.get("end"):
            end = as_moment(phase["end"], findings, (*place, "end"))
            check_end(start, end, now, (*place, "end"), findings)
        elif position < len(in_order) - 1:
            findings.add(
                "phase-end", "it has no end, although another phase follows it; add one", *place
            )
        if position == 0 and phase.get("auto_migrate_to_this_phase"):
            findings.add(
                "phase-migration",
                "it is the first phase, so there is none to migrate from; remove the key",
                *place,
                "auto_migrate_to_this_phase",
            )
        if before is not None and start and before[1] and start <= before[1]:
            findings.add(
                "phase-order",
                f"it starts at {start}, but {before[0]} ends at {before[1]}; start it later",
                *place,
                "start",
            )
        before = (phase.get("name"), end)


def check_end(
    start: Moment | None, end: Moment | None, now: Moment, place: Place, findings: Findings
) -> None:
    """Check that an end comes after its start and is still to come."""
    if end is None:
        return
    if start is not None and end <= start:
        findings.add(
            "phase-date",
            f"it ends at {end}, which is not after its start, {start}; correct one of them",
            *place,
        )
    elif end <= now:
        findings.add(
            "phase-past",
            f"it ended at {end}, in the past, so nobody can submit; correct the date",
            *place,
        )

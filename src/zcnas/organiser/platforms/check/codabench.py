"""The rules of version 2, Codabench's own."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any

from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.leaderboards import check_column, check_unique
from zcnas.organiser.platforms.check.located import Place
from zcnas.organiser.platforms.check.parts import (
    check_docker_image,
    check_image,
    check_page,
    check_program,
    check_truth_is_hidden,
    read_part,
)
from zcnas.organiser.platforms.check.source import BundleFiles

COMPETITION_KEYS = (
    *("version", "title", "description", "image", "terms", "pages", "tasks", "solutions", "phases"),
    *("leaderboards", "docker_image", "queue", "registration_auto_approve", "auto_run_submissions"),
    *("make_programs_available", "make_input_data_available", "enable_detailed_results"),
    *("show_detailed_results_in_submission_panel", "show_detailed_results_in_leaderboard"),
    *("can_participants_make_submissions_public", "competition_type", "fact_sheet", "reward"),
    *("contact_email", "forum_enabled"),
)
TASK_KEYS = (
    *("index", "key", "name", "description", "ingestion_program", "scoring_program", "input_data"),
    *("reference_data", "ingestion_only_during_scoring"),
)
PHASE_KEYS = (
    *("index", "name", "description", "start", "end", "tasks", "execution_time_limit"),
    *("max_submissions", "max_submissions_per_day", "auto_migrate_to_this_phase", "hide_output"),
    *("hide_prediction_output", "hide_score_output", "starting_kit", "public_data"),
    "accepts_only_result_submissions",
)
FORCED_RULES = ("Force_Last", "Force_Best", "Force_Latest_Multiple")
"""What stands on the leaderboard without a participant's choice: last, best, or every entry."""
LEADERBOARD_KEYS = ("title", "key", "columns", "submission_rule", "hidden", "primary_index")


def check_codabench(content: dict[Any, Any], files: BundleFiles, findings: Findings) -> None:
    """Check a ``competition.yaml`` of version 2 and everything it points to."""
    findings.known(content, COMPETITION_KEYS, ())
    findings.text(content.get("title"), "title", "title", ("title",))
    check_image(content.get("image"), files, findings)
    check_page(content.get("terms"), files, findings, ("terms",), "terms")
    check_docker_image(content.get("docker_image"), findings, "docker_image")
    if content.get("registration_auto_approve", False) is not False:
        findings.add(
            "registration",
            f"registration_auto_approve is {content['registration_auto_approve']!r}: whoever asks "
            "takes part, with as many accounts as they like; write false",
            "registration_auto_approve",
        )
    _check_pages(content.get("pages"), files, findings)
    tasks = _check_tasks(content.get("tasks"), files, findings)
    _check_phases(content, tasks, files, findings)
    _check_solutions(content.get("solutions"), tasks, files, findings)
    _check_leaderboards(content, findings)


def _check_pages(pages: object, files: BundleFiles, findings: Findings) -> None:
    if not isinstance(pages, list):
        findings.add("pages", f"pages is {pages!r}; write a list of titles and files", "pages")
        return
    for index, page in enumerate(pages):
        place: Place = ("pages", index)
        if not isinstance(page, dict):
            findings.add("pages", f"page {index} is {page!r}; write a title and a file", *place)
            continue
        findings.text(page.get("title"), "pages", f"the title of page {index}", (*place, "title"))
        check_page(page.get("file"), files, findings, (*place, "file"))


def _check_tasks(tasks: object, files: BundleFiles, findings: Findings) -> dict[Any, Any]:
    """Return the tasks by index."""
    by_index: dict[Any, Any] = {}
    if not isinstance(tasks, list) or not tasks:
        findings.add("tasks", f"tasks is {tasks!r}; write a list of tasks", "tasks")
        return by_index
    for number, task in enumerate(tasks):
        place: Place = ("tasks", number)
        index = task.get("index") if isinstance(task, dict) else None
        if not isinstance(task, dict) or not isinstance(index, int) or isinstance(index, bool):
            findings.add("tasks", f"task {number} has no index; add an integer", *place)
            continue
        if index in by_index:
            findings.add("tasks", f"index {index} is used twice; number the tasks", *place, "index")
        by_index[index] = task
        findings.known(task, TASK_KEYS, place)
        if "key" in task:
            continue
        if "scoring_program" in task:
            place_of = (*place, "scoring_program")
            check_program(task["scoring_program"], "scoring", files, findings, place_of)
        else:
            findings.add("scoring-program", f"task {index} has no scoring_program; add one", *place)
        if "ingestion_program" in task:
            place_of = (*place, "ingestion_program")
            check_program(task["ingestion_program"], "ingestion", files, findings, place_of)
        for part in ("input_data", "reference_data"):
            if part in task:
                read_part(task[part], files, findings, (*place, part))
        given = {"input_data": task.get("input_data")}
        check_truth_is_hidden(task.get("reference_data"), given, findings, place)
    return by_index


def _check_phases(
    content: dict[Any, Any], tasks: dict[Any, Any], files: BundleFiles, findings: Findings
) -> None:
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
    _check_order(numbered, findings)


def _check_phase(
    phase: dict[Any, Any],
    place: Place,
    tasks: dict[Any, Any],
    files: BundleFiles,
    findings: Findings,
) -> None:
    findings.known(phase, PHASE_KEYS, place)
    findings.text(phase.get("name"), "phase-name", "the phase's name", (*place, "name"))
    if "index" in phase:
        findings.whole(phase["index"], "phase-number", "index", (*place, "index"), 0)
    for key in ("execution_time_limit", "max_submissions", "max_submissions_per_day"):
        if key in phase:
            findings.whole(phase[key], "phase-limit", key, (*place, key), 1)
    named = phase.get("tasks")
    if not isinstance(named, list) or not named:
        findings.add("phase-task", f"tasks is {named!r}; name at least one task", *place, "tasks")
        named = []
    for index in named:
        if index not in tasks:
            known = ", ".join(map(str, tasks)) or "none"
            findings.add(
                "phase-task",
                f"there is no task {index!r}; existing tasks: {known}",
                *place,
                "tasks",
            )
            continue
        given = {key: phase.get(key) for key in ("public_data", "starting_kit")}
        check_truth_is_hidden(tasks[index].get("reference_data"), given, findings, place)
    for key in ("public_data", "starting_kit"):
        if key in phase:
            read_part(phase[key], files, findings, (*place, key))


def _check_order(numbered: list[tuple[int, dict[Any, Any]]], findings: Findings) -> None:
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
        if phase.get("end") is not None:
            end = as_moment(phase["end"], findings, (*place, "end"))
            if start is not None and end is not None and end <= start:
                findings.add(
                    "phase-date",
                    f"it ends at {end}, which is not after its start, {start}; correct one of them",
                    *place,
                    "end",
                )
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
        if (
            before is not None
            and start is not None
            and before[1] is not None
            and start <= before[1]
        ):
            findings.add(
                "phase-order",
                f"it starts at {start}, but {before[0]} ends at {before[1]}; start it later",
                *place,
                "start",
            )
        before = (phase.get("name"), end)


def as_moment(value: object, findings: Findings, place: Place) -> datetime.datetime | None:
    """Return a date as a moment in UTC, or None after adding a problem."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = datetime.datetime.fromisoformat(value)
    elif isinstance(value, datetime.datetime):
        findings.add(
            "phase-date-quotes",
            f"{place[-1]} is {value} without quotes, which the platform reads as 00:00 of that "
            f'day; write {place[-1]}: "{value}"',
            *place,
        )
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            return value
        return value.astimezone(datetime.UTC).replace(tzinfo=None)
    if isinstance(value, datetime.date):
        return datetime.datetime.combine(value, datetime.time())
    findings.add(
        "phase-date", f'{place[-1]} is {value!r}; write "YYYY-MM-DD HH:MM:SS", in quotes', *place
    )
    return None


def _check_solutions(
    solutions: object, tasks: dict[Any, Any], files: BundleFiles, findings: Findings
) -> None:
    if solutions is None:
        return
    if not isinstance(solutions, list):
        findings.add("solutions", f"solutions is {solutions!r}; write a list", "solutions")
        return
    for number, solution in enumerate(solutions):
        place: Place = ("solutions", number)
        if not isinstance(solution, dict) or not isinstance(solution.get("index"), int):
            findings.add("solutions", f"solution {number} has no index; add an integer", *place)
            continue
        if unknown := [task for task in solution.get("tasks") or [None] if task not in tasks]:
            findings.add(
                "solutions",
                f"solution {number} names tasks that do not exist: {unknown}",
                *place,
                "tasks",
            )
        if "key" not in solution:
            read_part(solution.get("path"), files, findings, (*place, "path"))


def _check_leaderboards(content: dict[Any, Any], findings: Findings) -> None:
    boards = content.get("leaderboards")
    if not isinstance(boards, list) or not boards:
        near = "; the key is leaderboards, not leaderboard" if "leaderboard" in content else ""
        place = ("leaderboard",) if "leaderboard" in content else ("leaderboards",)
        findings.add("leaderboards", f"leaderboards is {boards!r}{near}", *place)
        return
    for number, board in enumerate(boards):
        place_of: Place = ("leaderboards", number)
        if not isinstance(board, dict):
            findings.add(
                "leaderboards", f"leaderboard {number} is not a mapping; write one", *place_of
            )
            continue
        findings.known(board, LEADERBOARD_KEYS, place_of)
        for key in ("title", "key"):
            findings.text(board.get(key), "leaderboard-key", f"its {key}", (*place_of, key))
        if board.get("submission_rule") not in FORCED_RULES:
            findings.add(
                "submission-rule",
                f"submission_rule is {board.get('submission_rule')!r}: participants could choose "
                f"what stands on the leaderboard; write one of {', '.join(FORCED_RULES)}",
                *(*place_of, "submission_rule"),
            )
        _check_columns(board.get("columns"), (*place_of, "columns"), findings)
    check_unique(
        [
            (board.get("key"), ("leaderboards", number, "key"))
            for number, board in enumerate(boards)
            if isinstance(board, dict)
        ],
        ("leaderboard-key", "the leaderboard's key"),
        findings,
    )


def _check_columns(columns: object, place: Place, findings: Findings) -> None:
    if not isinstance(columns, list) or not columns:
        findings.add("columns", f"columns is {columns!r}; write a list of columns", *place)
        return
    mappings = [(n, column) for n, column in enumerate(columns) if isinstance(column, dict)]
    indexes = [column.get("index") for _, column in mappings]
    for number, column in mappings:
        check_column(column, (*place, number), indexes, findings)
    for rule, key in (("column-key", "key"), ("column-index", "index")):
        check_unique(
            [(column.get(key), (*place, number, key)) for number, column in mappings],
            (rule, f"the column's {key}"),
            findings,
        )

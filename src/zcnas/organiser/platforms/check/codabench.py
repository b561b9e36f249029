"""The rules of version 2, Codabench's own."""

from __future__ import annotations

from typing import Any

from zcnas.organiser.platforms.check.dates import Moment
from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.leaderboards import check_column, check_primary, check_unique
from zcnas.organiser.platforms.check.located import Place
from zcnas.organiser.platforms.check.parts import (
    check_docker_image,
    check_image,
    check_page,
    check_program,
    check_truth_is_hidden,
    read_part,
)
from zcnas.organiser.platforms.check.phases import MAX_NAME, check_phases
from zcnas.organiser.platforms.check.source import BundleFiles
from zcnas.organiser.platforms.check.values import (
    check_contact,
    check_fact_sheet,
    check_label,
    check_queue,
    check_switches,
    is_number,
    is_on,
)

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
_SWITCHES = (
    *("registration_auto_approve", "auto_run_submissions", "make_programs_available"),
    *("make_input_data_available", "enable_detailed_results", "forum_enabled"),
    *("show_detailed_results_in_submission_panel", "show_detailed_results_in_leaderboard"),
    "can_participants_make_submissions_public",
)
COMPETITION_TYPES = ("competition", "benchmark")
MAX_PAGE_TITLE, MAX_BOARD_TITLE, MAX_BOARD_KEY = 255, 64, 36
FORCED_RULES = ("Force_Last", "Force_Best", "Force_Latest_Multiple")
"""What stands on the leaderboard without a participant's choice: last, best, or every entry."""
CHOOSING_RULES = ("Add", "Add_And_Delete", "Add_And_Delete_Multiple")
LEADERBOARD_KEYS = ("title", "key", "columns", "submission_rule", "hidden", "primary_index")


def check_codabench(
    content: dict[Any, Any], files: BundleFiles, findings: Findings, now: Moment
) -> None:
    """Check a ``competition.yaml`` of version 2 and everything it points to."""
    findings.known(content, COMPETITION_KEYS, ())
    _check_texts(content, findings)
    check_image(content.get("image"), files, findings)
    check_page(content.get("terms"), files, findings, ("terms",), "terms")
    check_docker_image(content, "docker_image", findings)
    check_queue(content.get("queue"), findings)
    check_contact(content.get("contact_email"), findings)
    check_fact_sheet(content.get("fact_sheet"), findings)
    check_switches(content, _SWITCHES, (), findings)
    if is_on(content.get("registration_auto_approve")):
        findings.add(
            "registration",
            f"registration_auto_approve is {content['registration_auto_approve']!r}: whoever asks "
            "takes part, with as many accounts as they like; write false",
            "registration_auto_approve",
        )
    _check_pages(content.get("pages"), files, findings)
    tasks = _check_tasks(content.get("tasks"), files, findings)
    check_phases(content, tasks, files, findings, now)
    _check_solutions(content.get("solutions"), tasks, files, findings)
    _check_leaderboards(content, findings)


def _check_texts(content: dict[Any, Any], findings: Findings) -> None:
    check_label(content.get("title"), "title", "title", ("title",), MAX_NAME, findings)
    for key in ("description", "reward"):
        value = content.get(key)
        if value is not None and not (isinstance(value, str) or is_number(value)):
            findings.add("text", f"{key} is {value!r}; write a text", key)
        elif key == "reward" and len(str(value)) > MAX_NAME:
            findings.add("text", f"{key} is longer than {MAX_NAME} characters; shorten it", key)
    kind = content.get("competition_type", COMPETITION_TYPES[0])
    if kind not in COMPETITION_TYPES:
        findings.add(
            "text",
            f"competition_type is {kind!r}; write one of {', '.join(COMPETITION_TYPES)}",
            "competition_type",
        )


def _check_pages(pages: object, files: BundleFiles, findings: Findings) -> None:
    if not isinstance(pages, list):
        findings.add("pages", f"pages is {pages!r}; write a list of titles and files", "pages")
        return
    for index, page in enumerate(pages):
        place: Place = ("pages", index)
        if not isinstance(page, dict):
            findings.add("pages", f"page {index} is {page!r}; write a title and a file", *place)
            continue
        what, where = f"the title of page {index}", (*place, "title")
        check_label(page.get("title"), "pages", what, where, MAX_PAGE_TITLE, findings)
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
        what, where = f"the name of task {index}", (*place, "name")
        check_label(task.get("name"), "tasks", what, where, MAX_NAME, findings)
        check_switches(task, ("ingestion_only_during_scoring",), place, findings)
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
        if not isinstance(solution, dict) or "index" not in solution:
            findings.add("solutions", f"solution {number} has no index; add an integer", *place)
            continue
        named = solution.get("tasks")
        if not isinstance(named, list):
            message = f"the tasks of solution {number} are {named!r}; write a list of indexes"
            findings.add("solutions", message, *place, "tasks")
        elif unknown := [task for task in named if task not in tasks]:
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
        for key, longest in (("title", MAX_BOARD_TITLE), ("key", MAX_BOARD_KEY)):
            where = (*place_of, key)
            check_label(board.get(key), "leaderboard-key", f"its {key}", where, longest, findings)
        check_switches(board, ("hidden",), place_of, findings)
        _check_rule(board, place_of, findings)
        _check_columns(board.get("columns"), (*place_of, "columns"), findings)
        check_primary(board, place_of, findings)
    if len(boards) > 1:
        message = "only the first leaderboard is ever shown; remove the others"
        findings.add("leaderboard-second", message, "leaderboards", 1)
    check_unique(
        [
            (board.get("key"), ("leaderboards", number, "key"))
            for number, board in enumerate(boards)
            if isinstance(board, dict)
        ],
        ("leaderboard-key", "the leaderboard's key"),
        findings,
    )


def _check_rule(board: dict[Any, Any], place: Place, findings: Findings) -> None:
    """Check which submissions the leaderboard shows; without a rule participants choose."""
    rule = board.get("submission_rule", CHOOSING_RULES[0])
    advice = f"write one of {', '.join(FORCED_RULES)}"
    if rule not in (*FORCED_RULES, *CHOOSING_RULES):
        message = f"submission_rule is {rule!r}, which the platform refuses; {advice}"
        findings.add("submission-rule-name", message, *place, "submission_rule")
    elif rule in CHOOSING_RULES:
        message = f"submission_rule is {rule!r}: participants could choose what stands on the "
        findings.add(
            "submission-rule", f"{message}leaderboard; {advice}", *place, "submission_rule"
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

"""The leaderboard of our bundles: the columns that scoring writes, the rule, and who may see it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from zcnas.errors import BundleError
from zcnas.organiser.platforms.bundle.columns import SUBMISSION_RULES, columns, counting_rule
from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.located import Place
from zcnas.organiser.platforms.check.ours.view import PhaseView
from zcnas.organiser.platforms.check.values import is_on, whole_number
from zcnas.phases import Phase
from zcnas.words.feedback import shown

WRITTEN_AS_WELL = ("duration",)
"""What scoring writes in addition to our columns."""
_Column = tuple[str, Place, Mapping[Any, Any]]


def check_board(content: Mapping[Any, Any], phases: list[PhaseView], findings: Findings) -> None:
    """Check the one leaderboard against what scoring writes and what the phases say."""
    known = [phase.hosted.phase for phase in phases if phase.hosted is not None]
    if not known:
        return
    found, order = _of_version_2(content) if "tasks" in content else _of_version_1(content)
    _check_columns(found, order, known, findings)
    hides = not all(shown(phase).scores for phase in known)
    if "tasks" not in content:
        for key, place, column in found:
            if hides and not is_on(column.get("hidden")):
                message = f"column {key} is visible, and a phase shows no scores; hide it"
                findings.add("own-feedback", message, *place)
        return
    boards = content.get("leaderboards")
    board = boards[0] if isinstance(boards, list) and boards else {}
    if not isinstance(board, dict):
        return
    if hides and not is_on(board.get("hidden")):
        message = "hidden is not true, and a phase shows no scores; write hidden: true"
        findings.add("own-feedback", message, "leaderboards", 0, "hidden")
    _check_rule(board, known, findings)


def _of_version_2(content: Mapping[Any, Any]) -> tuple[list[_Column], str]:
    boards = content.get("leaderboards")
    board = boards[0] if isinstance(boards, list) and boards else {}
    given = board.get("columns") if isinstance(board, dict) else None
    place: Place = ("leaderboards", 0, "columns")
    return [
        (str(column.get("key")), (*place, number), column)
        for number, column in enumerate(given if isinstance(given, list) else [])
        if isinstance(column, dict)
    ], "index"


def _of_version_1(content: Mapping[Any, Any]) -> tuple[list[_Column], str]:
    board = content.get("leaderboard")
    given = board.get("columns") if isinstance(board, dict) else None
    place: Place = ("leaderboard", "columns")
    return [
        (str(key), (*place, str(key)), column)
        for key, column in (given if isinstance(given, dict) else {}).items()
        if isinstance(column, dict)
    ], "rank"


def _check_columns(
    found: list[_Column], order: str, phases: list[Phase], findings: Findings
) -> None:
    expected = {column["key"]: column for column in columns(phases)}
    place: Place = found[0][1][:-1] if found else ()
    for key in expected.keys() - {key for key, _, _ in found}:
        message = f"there is no column {key}, which scoring writes; add it"
        findings.add("own-columns", message, *place)
    for key, at, column in found:
        if key not in expected and key not in WRITTEN_AS_WELL:
            near = difflib.get_close_matches(key, expected, n=1)
            advice = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(expected)}"
            findings.add("own-columns", f"scoring writes no column {key}; {advice}", *at)
            continue
        sorting = column.get("sorting", column.get("sort")) or "desc"
        if key in expected and sorting != expected[key]["sorting"]:
            message = f"column {key} sorts {sorting}; write {expected[key]['sorting']}"
            findings.add("own-columns", message, *at)
    ranked = [each for each in found if whole_number(each[2].get(order)) is not None]
    first = min(ranked, key=lambda each: whole_number(each[2].get(order)) or 0, default=None)
    if first is not None and first[0] != "score":
        message = (
            f"column {first[0]} has the lowest {order} and decides the ranking; give it to score"
        )
        findings.add("own-columns", message, *first[1])


def _check_rule(board: Mapping[Any, Any], phases: list[Phase], findings: Findings) -> None:
    if whole_number(board.get("primary_index", 0)) != 0:
        message = f"primary_index is {board['primary_index']!r}; the ranking is by score, index 0"
        findings.add("own-columns", message, "leaderboards", 0, "primary_index")
    try:
        counts = counting_rule(phases)
    except BundleError as error:
        findings.add("own-rule", str(error), "leaderboards", 0)
        return
    if board.get("submission_rule") != SUBMISSION_RULES[counts]:
        findings.add(
            "own-rule",
            f"submission_rule is {board.get('submission_rule')!r}, and the phases have counts = "
            f"{counts!r}; write {SUBMISSION_RULES[counts]}, or change counts in phases.toml",
            *("leaderboards", 0, "submission_rule"),
        )

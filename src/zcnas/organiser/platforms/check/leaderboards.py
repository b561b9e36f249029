"""The rules for leaderboard columns, as far as both versions share them."""

from __future__ import annotations

from typing import Any

from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.located import Place
from zcnas.organiser.platforms.check.values import check_switches, is_number, whole_number

MAX_LENGTH = 36
MAX_DECIMALS = 10
COLUMN_KEYS = (
    *("title", "key", "index", "sorting", "computation", "computation_indexes", "precision"),
    "hidden",
)
COMPUTATIONS = ("sum", "avg", "min", "max")


def check_column(
    column: dict[Any, Any], place: Place, indexes: list[Any], findings: Findings
) -> None:
    """Check a column of version 2."""
    findings.known(column, COLUMN_KEYS, place)
    for key in ("key", "title"):
        value = column.get(key)
        text = str(value) if is_number(value) else None
        text = text or findings.text(value, f"column-{key}", f"its {key}", (*place, key))
        check_length(text, key, (*place, key), findings)
    check_switches(column, ("hidden",), place, findings)
    findings.whole(column.get("index"), "column-index", "its index", (*place, "index"), 0)
    if "sorting" in column:
        check_sorting(column["sorting"] or "", (*place, "sorting"), findings)
    if "precision" in column:
        given = column["precision"]
        check_decimals("" if given is None else given, (*place, "precision"), findings)
    _check_computation(column, place, indexes, findings)


def check_primary(board: dict[Any, Any], place: Place, findings: Findings) -> None:
    """Check that the column by which the leaderboard is ordered exists."""
    primary = whole_number(board.get("primary_index", 0))
    columns = board.get("columns")
    found = [column for column in columns or [] if isinstance(column, dict)]
    indexes = [whole_number(column.get("index")) for column in found]
    if found and primary not in indexes:
        at = (*place, "primary_index") if "primary_index" in board else (*place, "columns")
        findings.add(
            "primary-column",
            f"the leaderboard is ordered by column {primary}, and none has that index; number the "
            "columns from 0",
            *at,
        )


def check_length(text: str | None, what: str, place: Place, findings: Findings) -> None:
    """Check that a key or title is short enough for the platform."""
    if text is not None and len(text) > MAX_LENGTH:
        findings.add(
            "column-length",
            f"the {what} {text!r} has {len(text)} characters; shorten it to {MAX_LENGTH} or fewer",
            *place,
        )


def check_sorting(value: object, place: Place, findings: Findings) -> None:
    """Check a column's sorting order, if one is given."""
    if value not in (None, "asc", "desc"):
        findings.add("column-sorting", f"its sorting is {value!r}; write asc or desc", *place)


def check_decimals(value: object, place: Place, findings: Findings) -> None:
    """Check the number of decimals, if it is given."""
    if value is None:
        return
    if (number := whole_number(value)) is None or not 0 <= number <= MAX_DECIMALS:
        findings.add(
            "column-precision",
            f"it shows {value!r} decimals; write an integer from 0 to {MAX_DECIMALS}",
            *place,
        )


def check_unique(found: list[tuple[Any, Place]], rule: tuple[str, str], findings: Findings) -> None:
    """Check that no value is repeated; ``rule`` is the rule's name and what the values are."""
    seen: list[Any] = []
    for value, place in found:
        if value is not None and value in seen:
            findings.add(rule[0], f"{rule[1]} {value!r} is used twice; choose another", *place)
        seen.append(value)


def _check_computation(
    column: dict[Any, Any], place: Place, indexes: list[Any], findings: Findings
) -> None:
    computation = column.get("computation")
    if computation is None:
        return
    place_of = (*place, "computation")
    if computation not in COMPUTATIONS:
        findings.add(
            "column-computation",
            f"computation is {computation!r}; write one of {', '.join(COMPUTATIONS)}",
            *place_of,
        )
        return
    operands = column.get("computation_indexes")
    if not isinstance(operands, list) or not operands:
        findings.add(
            "column-computation",
            "computation_indexes is empty; list the indexes of the columns",
            *place_of,
        )
    elif unknown := [index for index in operands if whole_number(index) not in indexes]:
        findings.add(
            "column-computation",
            f"computation_indexes names columns that do not exist: {unknown}",
            *place,
            "computation_indexes",
        )
    elif computation == "avg":
        findings.add(
            "average",
            "this mean silently skips benchmarks without a score; let the scoring program write "
            "the mean instead",
            *place_of,
        )

"""The values that Codabench's fields take: text of a length, whole numbers, switches, an address.

Its serializers are lenient where YAML is: ``600`` and ``"600"`` are one number, ``yes`` and
``true`` one switch, ``2022`` a title. What they refuse ends the upload with the field's name.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.located import Place

SWITCH_VALUES = ("true", "t", "yes", "y", "on", "1", "false", "f", "no", "n", "off", "0")
_EMAIL = re.compile(r"[^@\s,;\"()<>]+@([\w-]+(\.[\w-]+)+|localhost)")
_INTEGER = re.compile(r"\s*-?\d+(\.0*)?\s*")
QUESTION_KEYS = {"key", "type", "title", "selection", "is_required", "is_on_leaderboard"}
QUESTION_TYPES = ("checkbox", "text", "select")


def check_label(
    value: object, rule: str, what: str, place: Place, longest: int, findings: Findings
) -> None:
    """Check a text that a database field holds; a number is taken as text."""
    text = str(value) if is_number(value) else findings.text(value, rule, what, place)
    if text is not None and len(text) > longest:
        findings.add(
            rule,
            f"{what} has {len(text)} characters; shorten it to {longest} or fewer",
            *place,
        )


def is_number(value: object) -> bool:
    """Return whether YAML read a number, which is no switch."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def whole_number(value: object) -> int | None:
    """Return the integer that Codabench reads in a value, or None if it reads none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(float(value)) if _INTEGER.fullmatch(str(value)) else None


def check_switches(
    mapping: Mapping[Any, Any], keys: tuple[str, ...], place: Place, findings: Findings
) -> None:
    """Check that every switch which is set is true or false."""
    for key in keys:
        if key in mapping and str(mapping[key]).lower() not in SWITCH_VALUES:
            findings.add("switch", f"{key} is {mapping[key]!r}; write true or false", *place, key)


def is_on(value: object) -> bool:
    """Return whether a switch is on; what is not set is off."""
    return str(value).lower() in SWITCH_VALUES[:6]


def check_contact(value: object, findings: Findings) -> None:
    """Check the contact's address, if one is given."""
    if value and (not isinstance(value, str) or not _EMAIL.fullmatch(value)):
        findings.add(
            "contact-email",
            f"contact_email is {value!r}; write one address such as name@example.org",
            "contact_email",
        )


def check_queue(value: object, findings: Findings) -> None:
    """Check the queue, if one is given; whether it exists only the server knows."""
    if not value:
        return
    try:
        uuid.UUID(str(value))
    except ValueError:
        findings.add(
            "queue",
            f"queue is {value!r}; write the vhost that Queue Management shows, a UUID such as "
            "2f1c1c5e-0f0c-4f3c-9a43-3f6d5ad0b7aa, or remove the key",
            "queue",
        )


def check_fact_sheet(sheet: object, findings: Findings) -> None:
    """Check the questions of a fact sheet, if there is one."""
    if not sheet:
        return
    if not isinstance(sheet, dict):
        findings.add("fact-sheet", f"fact_sheet is {sheet!r}; write a mapping", "fact_sheet")
        return
    for key, question in sheet.items():
        place: Place = ("fact_sheet", str(key))
        if not isinstance(question, dict) or set(question) != QUESTION_KEYS:
            listed = ", ".join(sorted(QUESTION_KEYS))
            findings.add("fact-sheet", f"question {key}: write exactly {listed}", *place)
        elif question["key"] != key:
            message = f"its key is {question['key']!r}; repeat {key}"
            findings.add("fact-sheet", message, *place, "key")
        elif question["type"] not in QUESTION_TYPES:
            message = f"its type is {question['type']!r}; write one of {', '.join(QUESTION_TYPES)}"
            findings.add("fact-sheet", message, *place, "type")

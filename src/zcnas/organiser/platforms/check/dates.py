"""Dates as the platforms read them: with dateutil, every time as UTC, nothing said when unsure.

YAML reads an unquoted time itself, and of what YAML has read the platforms keep the day. An offset
such as ``+02:00`` is dropped, not applied. What a text leaves out is filled in from today.
"""

from __future__ import annotations

import datetime
import re

from dateutil import parser

from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.located import Place

Moment = datetime.datetime
"""Without a time zone; it means UTC."""
_FILLED_IN = (datetime.datetime(2001, 1, 1), datetime.datetime(2002, 2, 2))
"""Two days that dateutil fills gaps from; a text that leaves none is read alike with both."""
_NUMBERS_ONLY = re.compile(r"\s*\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b")
_DAY = re.compile(r"\s*\d{4}-\d{1,2}-\d{1,2}\s*")


def as_moment(value: object, findings: Findings, place: Place) -> Moment | None:
    """Return the moment that a platform reads, or None after adding a problem."""
    if isinstance(value, datetime.datetime):
        findings.add(
            "phase-date-quotes",
            f"{place[-1]} is {value} without quotes, which the platform reads as 00:00 of that "
            f'day; write {place[-1]}: "{value}"',
            *place,
        )
        return value.replace(tzinfo=None)
    if isinstance(value, datetime.date):
        _warn_of_day(str(value), findings, place)
        return datetime.datetime.combine(value, datetime.time())
    moment = _read(value) if isinstance(value, str) else None
    if moment is None or not isinstance(value, str):
        findings.add(
            "phase-date",
            f'{place[-1]} is {value!r}; write "YYYY-MM-DD HH:MM:SS", in quotes',
            *place,
        )
        return None
    if moment.utcoffset():
        findings.add(
            "phase-date-zone",
            f"{place[-1]} is {value!r}, and the platform drops {moment:%z}; write the same moment "
            f'in UTC: "{moment.astimezone(datetime.UTC).replace(tzinfo=None)}"',
            *place,
        )
    moment = moment.replace(tzinfo=None)
    if _DAY.fullmatch(value):
        _warn_of_day(value.strip(), findings, place)
    elif _NUMBERS_ONLY.match(value):
        findings.add(
            "phase-date-order",
            f'{place[-1]} is {value!r}, which the platform reads as {moment:%d %B %Y}; write "'
            f'{moment}"',
            *place,
        )
    return moment


def _read(text: str) -> datetime.datetime | None:
    """Return what a platform reads in a text; None if it reads nothing or has to guess the day."""
    try:
        first, second = (parser.parse(text, default=filled) for filled in _FILLED_IN)
    except (ValueError, OverflowError, TypeError):
        return None
    return first if first == second else None


def _warn_of_day(day: str, findings: Findings, place: Place) -> None:
    if str(place[-1]).startswith("end"):
        findings.add(
            "phase-date-day",
            f"{place[-1]} is {day}, a day without a time, which the platform reads as its first "
            f'second; for its last, write {place[-1]}: "{day} 23:59:59"',
            *place,
        )

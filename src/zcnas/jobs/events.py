"""The event log of a run: what happened when, one JSON object per line.

For machines to read and for people to ask what the night was like. Nothing depends on it: results
come from the records of the works, and a full disk costs events, not results.
"""

from __future__ import annotations

import contextlib
import datetime
import threading
from pathlib import Path
from typing import TypeVar

import msgspec

EVENTS = "events.jsonl"
"""The log's usual name."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the lines of every event log have in common.

    ``run_started``, ``interrupted`` and ``run_finished`` frame a run; ``job_started`` is followed
    by ``job_finished`` or ``job_failed``, in between by ``job_waiting`` with what it waits for, and
    without a message once it waits no longer. A kind of work adds events and fields of its own.

    Attributes:
        time: UTC, ISO 8601, to the millisecond.
        event: What happened.
        units: How many units a job has.
        attempt: Which attempt of a job, from 1.
        host: Where.
        message: Why.
    """

    time: str
    event: str
    units: int = 0
    attempt: int = 0
    host: str = ""
    message: str = ""


class EventLog:
    """Appends events to a file; safe from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def add(self, event: str, **facts: str | float | None) -> None:
        """Append an event with what is known of it; "" and None are left out."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        known = {name: fact for name, fact in facts.items() if fact not in ("", None)}
        line = msgspec.json.encode({"time": now, "event": event, **known})
        with self._lock, contextlib.suppress(OSError), self._path.open("ab") as file:
            file.write(line + b"\n")


_E = TypeVar("_E", bound=Event)


def read_events(path: Path, kind: type[_E]) -> list[_E]:
    """Return the events of a log.

    Malformed lines, as a full disk leaves them, are skipped.

    Args:
        path: The log.
        kind: ``Event``, or what a kind of work has made of it.
    """
    events = []
    with contextlib.suppress(OSError):
        for line in path.read_bytes().splitlines():
            with contextlib.suppress(msgspec.MsgspecError):
                events.append(msgspec.json.decode(line, type=kind))
    return events

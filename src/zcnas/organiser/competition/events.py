"""The event log of a run: what happened when, one JSON object per line of ``OUT/events.jsonl``.

For machines to read and for people to ask what the night was like. Nothing depends on it: scores
come from predictions files, and a full disk costs events, not results.
"""

from __future__ import annotations

import contextlib
import datetime
import threading
from pathlib import Path
from typing import Literal

import msgspec

EVENTS = "events.jsonl"

EventName = Literal[
    "run_started",
    "submission_accepted",
    "submission_refused",
    "job_started",
    "job_finished",
    "job_failed",
    "benchmark_finished",
    "submission_scored",
    "organiser_error",
    "interrupted",
    "run_finished",
]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the event log.

    Attributes:
        time: UTC, ISO 8601, to the millisecond.
        event: What happened.
        submission: Whose.
        benchmark: On which benchmark.
        architectures: How many of them.
        attempt: Which attempt of a job, from 1.
        host: Where.
        score: The mean tau of a submission.
        message: Why.
    """

    time: str
    event: EventName
    submission: str = ""
    benchmark: str = ""
    architectures: int = 0
    attempt: int = 0
    host: str = ""
    score: float | None = None
    message: str = ""


class EventLog:
    """Appends events to a file; safe from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def add(
        self,
        event: EventName,
        submission: str = "",
        benchmark: str = "",
        *,
        architectures: int = 0,
        attempt: int = 0,
        host: str = "",
        score: float | None = None,
        message: str = "",
    ) -> None:
        """Append an event."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = msgspec.json.encode(
            Event(
                time=now,
                event=event,
                submission=submission,
                benchmark=benchmark,
                architectures=architectures,
                attempt=attempt,
                host=host,
                score=score,
                message=message,
            )
        )
        with self._lock, contextlib.suppress(OSError), self._path.open("ab") as file:
            file.write(line + b"\n")


def read_events(folder: Path) -> list[Event]:
    """Return the events of a results folder.

    Lines that are none, as a full disk leaves, are left out.
    """
    events = []
    with contextlib.suppress(OSError):
        for line in (folder / EVENTS).read_bytes().splitlines():
            with contextlib.suppress(msgspec.MsgspecError):
                events.append(msgspec.json.decode(line, type=Event))
    return events

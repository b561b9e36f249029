"""The queue as everybody may see it: ``public/queue.json``, and the page ``public/index.html``."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from zcnas.errors import ZcnasError
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.organiser.results.status import status_of
from zcnas.organiser.serving.calendar import ServedPhase
from zcnas.organiser.serving.layout import Layout
from zcnas.organiser.serving.line import queue_of
from zcnas.organiser.serving.store import Store


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that runs or waits.

    Attributes:
        number: The attempt's.
        name: Its name on the board.
        team: Whose.
        phase: In which phase.
        received_at: When it came.
        architectures: How many are done.
        of: Of how many; 0 before it has begun.
    """

    number: int
    name: str
    team: str
    phase: str
    received_at: str
    architectures: int = 0
    of: int = 0


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """The queue.

    Attributes:
        running: What runs, with its progress.
        waiting: What waits, in the order in which it will be run.
        paused: Why nothing is started; None if attempts are.
    """

    running: tuple[Line, ...]
    waiting: tuple[Line, ...]
    paused: str | None


def queue_view(store: Store, layout: Layout) -> QueueView:
    """Return the queue as it is now."""
    open_runs = {run.attempt: run.number for run in store.runs() if not run.ended_at}
    running = []
    for attempt in store.attempts("running"):
        done, of = _progress(layout, open_runs.get(attempt.number))
        running.append(
            Line(
                number=attempt.number, name=attempt.name, team=attempt.team, phase=attempt.phase,
                received_at=attempt.received_at, architectures=done, of=of,
            )
        )  # fmt: skip
    waiting = [
        Line(
            number=attempt.number, name=attempt.name, team=attempt.team, phase=attempt.phase,
            received_at=attempt.received_at,
        )
        for attempt in queue_of(store)
    ]  # fmt: skip
    return QueueView(running=tuple(running), waiting=tuple(waiting), paused=store.paused())


def write_view(view: QueueView, layout: Layout, phases: Sequence[ServedPhase]) -> None:
    """Write the queue for everybody.

    Raises:
        OSError: The disk does not take it.
    """
    from zcnas.pages.queue import render_queue

    boards = [
        (each.phase.title, f"{each.name}/index.html")
        for each in phases
        if (layout.site(each.name) / "index.html").is_file()
    ]
    for name, content in (
        ("queue.json", msgspec.json.encode(view)),
        ("index.html", render_queue(boards, view.running, view.waiting, view.paused).encode()),
    ):
        partial = layout.public / f"{name}.partial"
        partial.write_bytes(content)
        partial.replace(layout.public / name)


def _progress(layout: Layout, run: int | None) -> tuple[int, int]:
    """Return how many architectures of a run are done, and of how many; zeros at its start."""
    if run is None:
        return 0, 0
    try:
        (status,) = status_of(ResultsFolder(layout.run(run))).submissions
    except (ZcnasError, OSError, ValueError):  # it is just beginning
        return 0, 0
    return status.architectures, status.of

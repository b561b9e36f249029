"""Which board is to be drawn: the one that changed, as soon as the last drawing is over.

Results that come while a board is drawn are on the next one, so a drawing that takes long makes the
board later and holds nothing else up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from zcnas.organiser.results.folder import RUN, ResultsFolder
from zcnas.organiser.serving import crew
from zcnas.organiser.serving.attempts import Attempt, Run
from zcnas.organiser.serving.board import BoardOrder, Row
from zcnas.organiser.serving.calendar import ServedPhase
from zcnas.organiser.serving.store import Store

if TYPE_CHECKING:
    from zcnas.organiser.serving.server import Plan

RETRY_S = 60.0
"""Until a drawing that failed is tried again, if nothing changes."""

_Standing = list[tuple[Attempt, Run]]
_Signature = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class _Drawing:
    """A board being drawn."""

    served: ServedPhase
    standing: _Standing
    results: ResultsFolder
    process: crew.Process


class Boards:
    """Draws the boards of the phases.

    Args:
        plan: Of the server.
        store: Where attempts and runs are kept.
        say: Told what happens.
    """

    def __init__(self, plan: Plan, store: Store, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._store = store
        self._say = say
        self._drawn: dict[str, _Signature] = {}
        self._failed: dict[str, tuple[_Signature, float]] = {}
        self._drawing: _Drawing | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being drawn, or is to be."""
        return self._drawing is None and not self._stale()

    def start(self) -> None:
        """Start to draw a board that has changed, unless one is being drawn."""
        stale = self._stale() if self._drawing is None else []
        if stale:
            served, standing = stale[0]
            self._drawing = self._start(served, standing)

    def collect(self) -> None:
        """Take note of a board that has been drawn, and of the scores on it."""
        drawing = self._drawing
        if drawing is None or (code := drawing.process.code) is None:
            return
        self._drawing = None
        signature, name = _signature(drawing.standing), drawing.served.name
        if code:
            self._failed[name] = signature, time.monotonic()
            self._say(f"the board of {name} cannot be drawn: {drawing.process.words()}")
            return
        self._drawn[name] = signature
        with self._store.transaction():
            for attempt, run in drawing.standing:
                if not run.scores:
                    self._note_scores(drawing.results, attempt, run)

    def stop(self) -> None:
        """End a drawing; what it has not finished is drawn next time."""
        if self._drawing is not None:
            self._drawing.process.stop()
            self._drawing = None

    def _stale(self) -> list[tuple[ServedPhase, _Standing]]:
        """Return the phases whose board differs from what was drawn last, with what stands.

        A phase that is run again from scratch keeps its board until the first new run has ended.
        """
        found = []
        for served in self._plan.phases:
            standing = self._store.standing_runs(served.name)
            signature = _signature(standing)
            failed, since = self._failed.get(served.name, ((), 0.0))
            waits = failed == signature and time.monotonic() - since < RETRY_S
            begun = (self._results(served.name).path / RUN).exists()
            if begun and signature != self._drawn.get(served.name, ()) and not waits:
                found.append((served, standing))
        return found

    def _results(self, phase: str) -> ResultsFolder:
        generation = self._store.generation(phase)
        return ResultsFolder(self._plan.layout.results(phase, generation))

    def _start(self, served: ServedPhase, standing: _Standing) -> _Drawing:
        layout, results = self._plan.layout, self._results(served.name)
        order = BoardOrder(
            parent=os.getpid(),
            phase=served.phase,
            inputs=str(served.inputs),
            references=str(served.references),
            results=str(results.path),
            site=str(layout.site(served.name)),
            rows=tuple(
                Row(
                    name=attempt.name,
                    team=attempt.team,
                    received_at=attempt.received_at,
                    run=str(layout.run(run.number)),
                    outbox=str(layout.outbox / attempt.team / attempt.name),
                    is_new=not run.scores,
                )
                for attempt, run in standing
            ),
        )
        return _Drawing(served, standing, results, crew.start(self._plan.board, order))

    def _note_scores(self, results: ResultsFolder, attempt: Attempt, run: Run) -> None:
        path = results.folder_of(attempt.name) / "scores.json"
        if path.is_file():
            columns: dict[str, Any] = msgspec.json.decode(path.read_bytes())
            self._store.set_scores(
                run.number, columns["score"], msgspec.json.encode(columns).decode()
            )


def _signature(standing: _Standing) -> _Signature:
    """Return what a board follows from, for comparison."""
    return tuple((attempt.number, run.number) for attempt, run in standing)

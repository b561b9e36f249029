"""Which board is to be drawn: the one that changed, as soon as the last drawing is over.

Results that come while a board is drawn are on the next one, so a drawing that takes long makes the
board later and holds nothing else up.
"""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass
from typing import Any

import msgspec

from zcnas.organiser.results.folder import RUN, ResultsFolder
from zcnas.organiser.serving import crew
from zcnas.organiser.serving.attempts import Attempt, Run
from zcnas.organiser.serving.board import BoardOrder, Row
from zcnas.organiser.serving.calendar import ServedPhase
from zcnas.organiser.serving.orders import order
from zcnas.organiser.serving.plan import Part, Plan, Say
from zcnas.organiser.serving.store import Store

RETRY_S = 60.0
"""Until a drawing that failed is tried again, if nothing changes."""


@dataclass(frozen=True)
class _Content:
    """What a board is drawn from, as the database had it at one moment.

    Attributes:
        served: The phase.
        generation: The phase's.
        standing: The attempts on the board, each with the run that counts.
        chosen: Those of them that teams have chosen.
        decides: Whether it is made on the architectures that were kept back until the deadline.
    """

    served: ServedPhase
    generation: int
    standing: tuple[tuple[Attempt, Run], ...]
    chosen: frozenset[int]
    decides: bool

    @property
    def signature(self) -> tuple[object, ...]:
        """What the board follows from, for comparison."""
        runs = tuple((attempt.number, run.number) for attempt, run in self.standing)
        return self.generation, runs, self.chosen, self.decides


@dataclass(frozen=True)
class _Drawing:
    """A board being drawn."""

    content: _Content
    process: crew.Process


class Boards(Part):
    """Draws the boards of the phases."""

    def __init__(self, plan: Plan, store: Store, say: Say) -> None:
        super().__init__(plan, store, say)
        self._drawn: dict[str, object] = {}
        self._failed: dict[str, tuple[object, float]] = {}
        self._drawing: _Drawing | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being drawn, or is to be."""
        return self._drawing is None and not self._stale()

    def start(self) -> None:
        """Start to draw a board that has changed, unless one is being drawn."""
        stale = self._stale() if self._drawing is None else []
        if stale:
            self._drawing = _Drawing(stale[0], crew.start(self._plan.board, self._order(stale[0])))

    def collect(self) -> None:
        """Take note of a board that has been drawn, and of the scores on it."""
        drawing = self._drawing
        if drawing is None or (code := drawing.process.code) is None:
            return
        self._drawing = None
        content, name = drawing.content, drawing.content.served.name
        if code:
            self._failed[name] = content.signature, time.monotonic()
            self._say(f"the board of {name} cannot be drawn: {drawing.process.words()}")
        drawing.process.close()
        if code:
            return
        self._drawn[name] = content.signature
        with self._store.transaction():
            for attempt, run in content.standing:
                self._note_scores(self._results(content), attempt, run)

    def stop(self) -> None:
        """End a drawing; what it has not finished is drawn next time."""
        if self._drawing is not None:
            self._drawing.process.stop()
            self._drawing.process.close()
            self._drawing = None

    def _stale(self) -> list[_Content]:
        """Return what differs from what was drawn last.

        A phase that is run again from scratch keeps its board until the first new run has ended.
        """
        found = []
        for served in self._plan.phases:
            content = self._content(served)
            failed, since = self._failed.get(served.name, (None, 0.0))
            waits = failed == content.signature and time.monotonic() - since < RETRY_S
            begun = (self._results(content).path / RUN).exists()
            if begun and content.signature != self._drawn.get(served.name) and not waits:
                found.append(content)
        return found

    def _content(self, served: ServedPhase) -> _Content:
        now = datetime.datetime.now(datetime.UTC)
        with self._store.snapshot():
            standing = tuple(self._store.standing_runs(served.name))
            return _Content(
                served=served,
                generation=self._store.generation(served.name),
                standing=standing,
                decides=bool(served.phase.shown_architectures) and served.is_over(now),
                chosen=frozenset(self._store.chosen(served.name) & {e.number for e, _ in standing}),
            )

    def _results(self, content: _Content) -> ResultsFolder:
        return ResultsFolder(self._plan.layout.results(content.served.name, content.generation))

    def _order(self, content: _Content) -> BoardOrder:
        layout = self._plan.layout
        return order(
            BoardOrder,
            content.served,
            after_deadline=content.decides,
            results=str(self._results(content).path),
            site=str(layout.site(content.served.name)),
            rows=tuple(
                Row(
                    name=attempt.name,
                    team=attempt.team,
                    received_at=attempt.received_at,
                    run=str(layout.run(run.number)),
                    outbox=str(layout.outbox / attempt.team / attempt.name),
                    is_new=not run.scores,
                    chosen=attempt.number in content.chosen,
                )
                for attempt, run in content.standing
            ),
            identity=content.served.identity,
        )

    def _note_scores(self, results: ResultsFolder, attempt: Attempt, run: Run) -> None:
        path = results.folder_of(attempt.name) / "scores.json"
        if path.is_file():
            columns: dict[str, Any] = msgspec.json.decode(path.read_bytes())
            scores = msgspec.json.encode(columns).decode()
            if scores != run.scores:
                self._store.set_scores(run.number, columns["score"], scores)

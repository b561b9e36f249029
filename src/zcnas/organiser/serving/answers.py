"""What a team is told: ``outbox/<team>/answers.txt``, in words, made from the database alone."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from zcnas.organiser.serving.attempts import Attempt, Run
from zcnas.organiser.serving.calendar import (
    ServedPhase,
    allowance,
    closed_words,
    open_phase,
)
from zcnas.organiser.serving.inbox import not_taken, teams_in
from zcnas.organiser.serving.layout import Layout
from zcnas.organiser.serving.line import queue_of
from zcnas.organiser.serving.store import Store
from zcnas.words.feedback import shown
from zcnas.words.text import one_line, printable

ANSWERS = "answers.txt"
SHOWN = 100
"""Attempts that are listed: the newest."""


class Answers:
    """Writes the answers of all teams; a file that would stay the same is left alone.

    Args:
        store: Where attempts are kept.
        layout: The server's folders.
        phases: The phases that are served.
    """

    def __init__(self, store: Store, layout: Layout, phases: Sequence[ServedPhase]) -> None:
        self._store = store
        self._layout = layout
        self._phases = phases
        self._written: dict[str, str] = {}

    def write(self, moment: datetime.datetime) -> None:
        """Bring the answers of every team that has a folder up to date.

        Raises:
            OSError: The disk does not take them.
        """
        by_team: dict[str, list[Attempt]] = {}
        for attempt in self._store.attempts():
            by_team.setdefault(attempt.team, []).append(attempt)
        places = {each.number: place for place, each in enumerate(queue_of(self._store), start=1)}
        scores = {run.attempt: run for run in self._store.runs() if run.score is not None}
        for team in sorted({*teams_in(self._layout.inbox), *by_team}):
            text = self._text(team, by_team.get(team, []), places, scores, moment)
            path = self._layout.outbox / team / ANSWERS
            if self._written.get(team) != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                partial = path.with_name(f"{ANSWERS}.partial")
                partial.write_text(text, encoding="utf-8")
                partial.replace(path)
                self._written[team] = text

    def _text(
        self, team: str, attempts: Sequence[Attempt], places: Mapping[int, int],
        runs: Mapping[int, Run], moment: datetime.datetime,
    ) -> str:  # fmt: skip
        lines = [f"Team {one_line(team)}", "", self._left(team, moment)]
        if reasons := not_taken(self._layout.inbox / team):
            lines += ["", "Not taken from the inbox:", *(f"  {one_line(each)}" for each in reasons)]
        for attempt in list(reversed(attempts))[:SHOWN]:
            lines += ["", *self._of_attempt(attempt, places, runs)]
        if len(attempts) > SHOWN:
            lines += ["", f"and {len(attempts) - SHOWN} earlier ones"]
        return "\n".join(lines) + "\n"

    def _left(self, team: str, moment: datetime.datetime) -> str:
        served = open_phase(self._phases, moment)
        if served is None:
            return closed_words(self._phases, moment).capitalize() + "."
        end = served.settings.end
        until = f", open until {end} UTC" if end else ""
        left = allowance(self._store, team, served, moment)
        return f"Phase {served.phase.title}{until}: {left.refusal or left.words}."

    def _of_attempt(
        self, attempt: Attempt, places: Mapping[int, int], runs: Mapping[int, Run]
    ) -> list[str]:
        head = f"{attempt.number}. {one_line(attempt.file)}, received {attempt.received_at}"
        lines = [head, f"   {self._state(attempt, places, runs)}"]
        lines += [f"   - {printable(line)}" for line in attempt.note.splitlines()]
        return lines

    def _state(self, attempt: Attempt, places: Mapping[int, int], runs: Mapping[int, Run]) -> str:
        if attempt.state == "waiting":
            return f"accepted; place {places[attempt.number]} in the queue"
        if attempt.state == "scored":
            return self._scored(attempt, runs.get(attempt.number))
        return {
            "refused": "refused",
            "running": "running",
            "failed": "failed on our side; it counts against no quota, and we look into it",
            "cancelled": "taken out of the queue; it counts against no quota",
            "disqualified": "disqualified",
        }[attempt.state]

    def _scored(self, attempt: Attempt, run: Run | None) -> str:
        served = next((each for each in self._phases if each.name == attempt.phase), None)
        show = shown(served.phase) if served else None
        if show is None or not show.scores:
            return "received and run; this phase shows no scores"
        if run is None or run.score is None:
            return "run; the score follows with the next board"
        decimals = 4 if show.tau_decimals is None else show.tau_decimals
        return f"score {run.score:.{decimals}f}; more in {attempt.name}/"

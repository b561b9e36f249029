"""What a team is told: ``outbox/<team>/answers.txt``, in words, made from the database alone."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from zcnas.organiser.serving.attempts import Attempt, Run
from zcnas.organiser.serving.calendar import allowance, closed_words, open_phase
from zcnas.organiser.serving.choosing import CHOOSABLE, read_choice, refusal
from zcnas.organiser.serving.inbox import CHOICE_FILE, not_taken, teams_in
from zcnas.organiser.serving.line import queue_of
from zcnas.organiser.serving.plan import Part, Plan, Say
from zcnas.organiser.serving.store import Store
from zcnas.words.feedback import shown
from zcnas.words.text import one_line, printable

ANSWERS = "answers.txt"
SHOWN = 100
"""Attempts that are listed: the newest."""


@dataclass(frozen=True)
class _Known:
    """What is known of all attempts at one moment.

    Attributes:
        places: Attempt to its place in the queue.
        runs: Attempt to its latest run that has a score.
        chosen: The attempts that teams have chosen.
    """

    places: Mapping[int, int]
    runs: Mapping[int, Run]
    chosen: Set[int]


class Answers(Part):
    """Writes the answers of all teams; a file that would stay the same is left alone."""

    def __init__(self, plan: Plan, store: Store, say: Say) -> None:
        super().__init__(plan, store, say)
        self._written: dict[str, str] = {}

    def write(self, moment: datetime.datetime) -> None:
        """Bring the answers of every team that has a folder up to date.

        Raises:
            OSError: The disk does not take them.
        """
        by_team: dict[str, list[Attempt]] = {}
        for attempt in self._store.attempts():
            by_team.setdefault(attempt.team, []).append(attempt)
        known = _Known(
            places={each.number: place for place, each in enumerate(queue_of(self._store), 1)},
            runs={run.attempt: run for run in self._store.runs() if run.score is not None},
            chosen={
                number
                for each in self._plan.phases
                if each.phase.counts == "chosen"
                for number in self._store.chosen(each.name)
            },
        )
        for team in sorted({*teams_in(self._plan.layout.inbox), *by_team}):
            text = self._text(team, by_team.get(team, []), known, moment)
            path = self._plan.layout.outbox / team / ANSWERS
            if self._written.get(team) != text:
                path.parent.mkdir(parents=True, exist_ok=True)
                partial = path.with_name(f"{ANSWERS}.partial")
                partial.write_text(text, encoding="utf-8")
                partial.replace(path)
                self._written[team] = text

    def _text(
        self, team: str, attempts: Sequence[Attempt], known: _Known, moment: datetime.datetime
    ) -> str:
        lines = [f"Team {one_line(team)}", "", self._left(team, moment)]
        lines += self._counting(attempts, known, moment)
        if reasons := self._not_taken(team):
            lines += ["", "Not taken from the inbox:", *(f"  {one_line(each)}" for each in reasons)]
        for attempt in list(reversed(attempts))[:SHOWN]:
            lines += ["", *self._of_attempt(attempt, known)]
        if len(attempts) > SHOWN:
            lines += ["", f"and {len(attempts) - SHOWN} earlier ones"]
        return "\n".join(lines) + "\n"

    def _left(self, team: str, moment: datetime.datetime) -> str:
        served = open_phase(self._plan.phases, moment)
        if served is None:
            return closed_words(self._plan.phases, moment).capitalize() + "."
        end = served.settings.end
        until = f", open until {end} UTC" if end else ""
        left = allowance(self._store, team, served, moment)
        return f"Phase {served.phase.title}{until}: {left.refusal or left.words}."

    def _counting(
        self, attempts: Sequence[Attempt], known: _Known, moment: datetime.datetime
    ) -> list[str]:
        """Return which attempt counts, where that is the team's choice and it still has it."""
        served = open_phase(self._plan.phases, moment)
        if served is None or served.phase.counts != "chosen":
            return []
        own = [each for each in attempts if each.phase == served.name and each.state in CHOOSABLE]
        chosen = [each for each in own if each.number in known.chosen]
        if chosen:
            return [f"{chosen[0].name} counts, as you chose."]
        advice = f"to choose another, write its number into {CHOICE_FILE} beside your zips"
        return [f"{own[-1].name} counts, your last; {advice}."] if own else []

    def _not_taken(self, team: str) -> list[str]:
        inbox = self._plan.layout.inbox
        reasons = not_taken(inbox / team)
        refused = refusal(read_choice(inbox, team), self._plan, self._store)
        return [refused, *reasons] if refused else reasons

    def _of_attempt(self, attempt: Attempt, known: _Known) -> list[str]:
        chosen = ", chosen" if attempt.number in known.chosen else ""
        head = f"{attempt.number}. {one_line(attempt.file)}, received {attempt.received_at}{chosen}"
        lines = [head, f"   {self._state(attempt, known)}"]
        lines += [f"   - {printable(line)}" for line in attempt.note.splitlines()]
        return lines

    def _state(self, attempt: Attempt, known: _Known) -> str:
        if attempt.state == "waiting":
            return f"accepted; place {known.places[attempt.number]} in the queue"
        if attempt.state == "scored":
            return self._scored(attempt, known.runs.get(attempt.number))
        return {
            "refused": "refused",
            "running": "running",
            "failed": "failed on our side; it counts against no quota, and we look into it",
            "cancelled": "taken out of the queue; it counts against no quota",
            "disqualified": "disqualified",
        }[attempt.state]

    def _scored(self, attempt: Attempt, run: Run | None) -> str:
        served = self._plan.phase(attempt.phase)
        show = shown(served.phase) if served else None
        if show is None or not show.scores:
            return "received and run; this phase shows no scores"
        if run is None or run.score is None:
            return "run; the score follows with the next board"
        decimals = 4 if show.tau_decimals is None else show.tau_decimals
        return f"score {run.score:.{decimals}f}; more in {attempt.name}/"

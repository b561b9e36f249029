"""Which of its attempts a team wants to count: ``inbox/<team>/chosen.txt``.

The file holds the attempt's number or name and stays where it is; a new content is a new choice. It
is read where phases count what is ``chosen``, as long as the attempt's phase is open.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from zcnas.errors import ServingError
from zcnas.organiser.serving.attempts import Attempt, kernel_time
from zcnas.organiser.serving.inbox import CHOICE_FILE, opened, teams_in
from zcnas.organiser.serving.plan import Part, Plan
from zcnas.organiser.serving.store import Store
from zcnas.words.text import one_line

MAX_BYTES = 200
"""More than a number or a name takes."""
CHOOSABLE = ("waiting", "running", "scored")
"""States of attempts that can be chosen."""


@dataclass(frozen=True)
class Choice:
    """What a team's file says.

    Attributes:
        team: Whose.
        text: The content, in one line.
        changed_at: When it was written last, by the kernel's record.
        arrival: Names this very file and content, so that it counts once.
    """

    team: str
    text: str
    changed_at: datetime.datetime
    arrival: str


class Choices(Part):
    """Takes note of what teams choose."""

    def take(self) -> None:
        """Enter every choice that is new and can be followed; the others are in the answers."""
        if not any(each.phase.counts == "chosen" for each in self._plan.phases):
            return
        for team in teams_in(self._plan.layout.inbox):
            choice = read_choice(self._plan.layout.inbox, team)
            if choice is None or self._store.has_chosen(choice.arrival):
                continue
            with contextlib.suppress(ServingError):
                attempt = followed(choice, self._plan, self._store)
                self._store.choose(attempt.number, choice.arrival, choice.changed_at)
                self._say(f"{team} has chosen {attempt.name}")


def read_choice(inbox: Path, team: str) -> Choice | None:
    """Return what a team's file says; None if there is none that can be read."""
    path = inbox / team / CHOICE_FILE
    with contextlib.suppress(OSError), opened(path) as descriptor:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            return Choice(
                team=team,
                text=one_line(os.read(descriptor, MAX_BYTES).decode(errors="replace")).strip(),
                changed_at=kernel_time(status.st_ctime),
                arrival=f"{team}/{CHOICE_FILE}:{status.st_ino}:{status.st_ctime_ns}",
            )
    return None


def followed(choice: Choice, plan: Plan, store: Store) -> Attempt:
    """Return the attempt that a choice names.

    Raises:
        ServingError: It names none of the team's that can be chosen, or came too late.
    """
    own = [each for each in store.of_team(choice.team) if each.state in CHOOSABLE]
    named = [each for each in own if choice.text in (str(each.number), each.name)]
    if not named:
        known = ", ".join(str(each.number) for each in own[-10:]) or "none yet"
        raise ServingError(
            f"{CHOICE_FILE} names '{choice.text}', which is not one of your attempts that can "
            f"count; write the number of one: {known}"
        )
    served = plan.phase(named[0].phase)
    if served is None or served.phase.counts != "chosen":
        raise ServingError(f"{CHOICE_FILE}: the phase of {named[0].name} leaves nothing to choose")
    if not served.is_open(choice.changed_at):
        raise ServingError(
            f"{CHOICE_FILE}: {served.phase.title} was over when it was written, so it does not "
            "count"
        )
    return named[0]


def refusal(choice: Choice | None, plan: Plan, store: Store) -> str:
    """Return in words why a choice is not followed; "" if it is, or there is none."""
    if choice is None or store.has_chosen(choice.arrival):
        return ""
    try:
        followed(choice, plan, store)
    except ServingError as error:
        return str(error)
    return ""

"""The server: looks, takes, starts, collects and tells, again and again.

    look ──▶ stop what was cancelled, collect what has ended ──▶ take whole files ──▶ start jobs on
    free CPUs ──▶ draw the board that has changed ──▶ tell teams and everybody

One thread, no state of its own that matters: whatever it has forgotten when it is killed, the
database and the folders tell the next one.
"""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
import time
from collections.abc import Callable, Iterator

from zcnas.organiser.serving.answers import Answers
from zcnas.organiser.serving.boards import Boards
from zcnas.organiser.serving.choosing import Choices
from zcnas.organiser.serving.inbox import Inbox
from zcnas.organiser.serving.intake import Intake
from zcnas.organiser.serving.plan import Part, Plan, Say
from zcnas.organiser.serving.runs import Runs
from zcnas.organiser.serving.store import Store
from zcnas.organiser.serving.view import queue_view, write_view

POLL_S = 0.5
"""Between two looks."""
TELL_S = 1.0
"""Between two times that teams are told, at least."""
TROUBLE_S = 5.0
"""How long to wait after the disk or the database refused something."""


class Server(Part):
    """Serves a competition; one per folder."""

    def __init__(self, plan: Plan, store: Store, say: Say) -> None:
        super().__init__(plan, store, say)
        self._inbox = Inbox(plan.layout.inbox, plan.settle_s, plan.patience_s)
        self._intake = Intake(plan, store, say)
        self._choices = Choices(plan, store, say)
        self._runs = Runs(plan, store, say)
        self._boards = Boards(plan, store, say)
        self._answers = Answers(plan, store, say)
        self._told_at = 0.0
        self._troubles: set[str] = set()

    def serve(self, until: Callable[[], bool] = lambda: False) -> None:
        """Serve until told, or interrupted; what is running then resumes next time."""
        try:
            while not until():
                try:
                    self.look()
                except (OSError, sqlite3.OperationalError) as error:
                    self._say(f"trouble: {error}; trying again")
                    time.sleep(TROUBLE_S)
                time.sleep(POLL_S)
        finally:
            self._runs.stop()
            self._boards.stop()

    def look(self) -> None:
        """Do everything there is to do now.

        Raises:
            OSError: The disk refuses something; nothing is lost by it.
            sqlite3.OperationalError: The database does.
        """
        self._runs.collect()
        self._take()
        self._choices.take()
        self._runs.start()
        self._boards.collect()
        self._boards.start()
        if time.monotonic() - self._told_at >= TELL_S:
            self._answers.write(datetime.datetime.now(datetime.UTC))
            write_view(queue_view(self._store, self._plan.layout), self._plan.layout,
                       self._plan.phases)  # fmt: skip
            self._told_at = time.monotonic()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs, waits or is to be drawn."""
        return self._runs.is_idle and self._boards.is_idle

    def _take(self) -> None:
        for file in self._inbox.whole_files():
            try:
                attempt = self._intake.take(file)
            except OSError as error:  # of this file; the others are taken
                if file.arrival not in self._troubles:
                    self._troubles.add(file.arrival)
                    self._say(f"cannot take {file.path}: {error.strerror}; it stays where it is")
                continue
            if attempt is None:
                continue
            reason = f": {attempt.note.splitlines()[0]}" if attempt.state == "refused" else ""
            self._say(f"{attempt.name} ({attempt.file}): {attempt.state}{reason}")
            twins = self._store.of_content(attempt.sha256) if attempt.sha256 else []
            if others := sorted({each.name for each in twins if each.team != attempt.team}):
                self._say(f"{attempt.name} has the content of {', '.join(others)}")


@contextlib.contextmanager
def opened(plan: Plan, say: Say) -> Iterator[Server]:
    """Yield the server of a folder, which is made if it is new and held against others.

    Raises:
        ServingError: The folder is on a network disk, in use, or of a later version.
    """
    plan.layout.make()
    with plan.layout.locked(), contextlib.closing(Store(plan.layout.database)) as store:
        yield Server(plan, store, say)

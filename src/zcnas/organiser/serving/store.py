"""Every attempt and every run, in SQLite: accepted is what is committed here.

A commit is on the disk when it returns (write-ahead log, ``synchronous=FULL``), so what a team was
told is true after any crash. A server and the commands of `zcnas queue` may use one database at
the same time.
"""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from zcnas.errors import ServingError
from zcnas.organiser.serving.attempts import COUNTED, Attempt, Run, State, now
from zcnas.organiser.serving.layout import check_local
from zcnas.organiser.serving.schema import migrate

BUSY_S = 30
"""How long a command waits for another's transaction, each of which takes milliseconds."""

_T = TypeVar("_T")


class Store:
    """The database of a server.

    Args:
        path: Its file, which is made if it is missing.

    Raises:
        ServingError: It is on a network file system, of a later version, or not a database.
    """

    def __init__(self, path: Path) -> None:
        check_local(path)
        self._connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        try:
            for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                self._connection.execute(f"PRAGMA {setting}")
            migrate(self._connection)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise ServingError(
                f"{path} cannot be used as the server's database: {error}; restore a backup with "
                "`zcnas queue restore`"
            ) from None
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside happen whole or not at all; nobody else writes meanwhile."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Make everything read inside be of one moment, whatever others write meanwhile."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("COMMIT")

    def copy_to(self, path: Path) -> None:
        """Copy the database while it is in use, with SQLite's own backup."""
        target = sqlite3.connect(path)
        try:
            self._connection.backup(target)
        finally:
            target.close()

    def enter(
        self, *, arrival: str, team: str, file: str, phase: str, received_at: str,
        sha256: str, state: State, note: str,
    ) -> Attempt:  # fmt: skip
        """Enter an attempt and return it; inside a transaction, with what belongs to it."""
        cursor = self._connection.execute(
            "INSERT INTO attempts (arrival, team, file, phase, received_at, sha256, state, note) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (arrival, team, file, phase, received_at, sha256, state, note),
        )
        assert cursor.lastrowid is not None
        return self.attempt(cursor.lastrowid)

    def has_arrived(self, arrival: str) -> bool:
        """Return whether a file of the inbox is an attempt already."""
        query = "SELECT 1 FROM attempts WHERE arrival = ?"
        return self._connection.execute(query, (arrival,)).fetchone() is not None

    def attempt(self, number: int) -> Attempt:
        """Return an attempt.

        Raises:
            ServingError: There is none of this number.
        """
        found = self._attempts("WHERE number = ?", number)
        if not found:
            raise ServingError(f"there is no attempt {number}; `zcnas queue` lists them")
        return found[0]

    def attempts(self, *states: State, phase: str | None = None) -> list[Attempt]:
        """Return the attempts in these states, or all, by number."""
        wanted: list[str] = list(states)
        where = f"state IN ({', '.join('?' * len(wanted))})" if wanted else "1"
        if phase is not None:
            where, wanted = f"{where} AND phase = ?", [*wanted, phase]
        return self._attempts(f"WHERE {where} ORDER BY number", *wanted)

    def set_state(self, number: int, state: State, note: str | None = None) -> None:
        """Set an attempt's state, and what the team is told with it."""
        self._connection.execute(
            "UPDATE attempts SET state = ?, note = coalesce(?, note) WHERE number = ?",
            (state, note, number),
        )

    def counted(self, team: str, phase: str, since: str = "", until: str = "9") -> int:
        """Return how many attempts of a team count against its quotas, by time received."""
        query = (
            "SELECT count(*) FROM attempts WHERE team = ? AND phase = ? AND received_at >= ? "
            f"AND received_at < ? AND state IN ({', '.join('?' * len(COUNTED))})"
        )
        row = self._connection.execute(query, (team, phase, since, until, *COUNTED)).fetchone()
        return int(row[0])

    def of_content(self, sha256: str) -> list[Attempt]:
        """Return the attempts of one content, by number."""
        return self._attempts("WHERE sha256 = ? ORDER BY number", sha256)

    def of_team(self, team: str) -> list[Attempt]:
        """Return the attempts of a team, by number."""
        return self._attempts("WHERE team = ? ORDER BY number", team)

    def choose(self, number: int, arrival: str, moment: datetime.datetime) -> None:
        """Note that an attempt is the one of its team's in its phase that is to count.

        Args:
            number: The attempt's.
            arrival: Names the team's file that says so; "" if an organiser does.
            moment: When it was chosen.
        """
        self._connection.execute(
            "INSERT INTO choices (attempt, arrival, chosen_at) VALUES (?, ?, ?)",
            (number, arrival, moment.isoformat(timespec="seconds")),
        )

    def has_chosen(self, arrival: str) -> bool:
        """Return whether a team's file has been followed."""
        query = "SELECT 1 FROM choices WHERE arrival = ?"
        return self._connection.execute(query, (arrival,)).fetchone() is not None

    def chosen(self, phase: str) -> set[int]:
        """Return the attempts of a phase that teams have chosen, each team's latest choice."""
        query = (
            "SELECT attempt FROM choices JOIN attempts ON attempts.number = attempt "
            "WHERE phase = ? AND choices.number IN (SELECT max(choices.number) FROM choices "
            "JOIN attempts ON attempts.number = attempt WHERE phase = ? GROUP BY team)"
        )
        return {int(row[0]) for row in self._connection.execute(query, (phase, phase))}

    def begin_run(self, attempt: Attempt) -> Run:
        """Note that an attempt is running; return its open run of this generation, or a new one."""
        generation = self.generation(attempt.phase)
        with self.transaction():
            self._connection.execute(
                "UPDATE runs SET ended_at = ?, fault = 'superseded by a rerun of the phase' "
                "WHERE attempt = ? AND ended_at = '' AND generation <> ?",
                (now(), attempt.number, generation),
            )
            self._connection.execute(
                "INSERT INTO runs (attempt, generation, started_at) SELECT ?, ?, ? "
                "WHERE NOT EXISTS (SELECT 1 FROM runs WHERE attempt = ? AND ended_at = '')",
                (attempt.number, generation, now(), attempt.number),
            )
            self.set_state(attempt.number, "running")
        return self._runs("WHERE attempt = ? AND ended_at = ''", attempt.number)[0]

    def reopen_run(self, attempt: Attempt) -> None:
        """Have the last run of an attempt resume, if it ended in a fault in this generation."""
        self._connection.execute(
            "UPDATE runs SET ended_at = '', fault = '' WHERE fault <> '' AND generation = ? "
            "AND number = (SELECT max(number) FROM runs WHERE attempt = ?)",
            (self.generation(attempt.phase), attempt.number),
        )

    def end_run(self, number: int, fault: str = "", **facts: str) -> None:
        """Close a run, with what is known of where it ran."""
        columns = "".join(f", {name} = ?" for name in facts)
        self._connection.execute(
            f"UPDATE runs SET ended_at = ?, fault = ?{columns} WHERE number = ? AND ended_at = ''",
            (now(), fault, *facts.values(), number),
        )

    def set_scores(self, run: int, score: float, scores: str) -> None:
        """Note what a run was given."""
        self._connection.execute(
            "UPDATE runs SET score = ?, scores = ? WHERE number = ?", (score, scores, run)
        )

    def runs(self, attempt: int | None = None) -> list[Run]:
        """Return the runs of an attempt, or all, by number."""
        if attempt is None:
            return self._runs("ORDER BY number")
        return self._runs("WHERE attempt = ? ORDER BY number", attempt)

    def standing_runs(self, phase: str) -> list[tuple[Attempt, Run]]:
        """Return the scored attempts of a phase with the run that counts, by attempt.

        It is the last one of the phase's generation that was finished.
        """
        latest = {
            run.attempt: run
            for run in self._runs(
                "WHERE generation = ? AND ended_at <> '' AND fault = '' ORDER BY number",
                self.generation(phase),
            )
        }
        scored = self.attempts("scored", phase=phase)
        return [(each, latest[each.number]) for each in scored if each.number in latest]

    def last_starts(self) -> dict[str, str]:
        """Return when a run of each team was started last."""
        query = (
            "SELECT team, max(started_at) FROM runs JOIN attempts ON attempts.number = attempt "
            "GROUP BY team"
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def generation(self, phase: str) -> int:
        """Return how often all of a phase has been run from scratch, from 1."""
        query = "SELECT generation FROM phases WHERE name = ?"
        row = self._connection.execute(query, (phase,)).fetchone()
        return 1 if row is None else int(row[0])

    def next_generation(self, phase: str) -> int:
        """Begin another generation of a phase and return it."""
        self._connection.execute(
            "INSERT INTO phases (name, generation) VALUES (?, 2) "
            "ON CONFLICT (name) DO UPDATE SET generation = generation + 1",
            (phase,),
        )
        return self.generation(phase)

    def pause(self, why: str) -> None:
        """Have no further run started."""
        self._connection.execute(
            "INSERT OR REPLACE INTO pause (only, since, why) VALUES (1, ?, ?)", (now(), why)
        )

    def resume(self) -> None:
        """Have runs started again."""
        self._connection.execute("DELETE FROM pause")

    def paused(self) -> str | None:
        """Return why no run is started; None if runs are."""
        row = self._connection.execute("SELECT why FROM pause").fetchone()
        return None if row is None else str(row[0])

    def _attempts(self, clause: str, *values: object) -> list[Attempt]:
        return self._records(Attempt, f"SELECT * FROM attempts {clause}", values)

    def _runs(self, clause: str, *values: object) -> list[Run]:
        return self._records(Run, f"SELECT * FROM runs {clause}", values)

    def _records(self, kind: type[_T], query: str, values: Sequence[object]) -> list[_T]:
        rows = self._connection.execute(query, tuple(values))
        return [msgspec.convert(dict(row), kind, strict=False) for row in rows]

"""The database's schema, and how a database of an earlier version becomes one of this.

``docs/serving.md`` explains every column to whoever asks the database with other tools. A step is
never changed once it is released; a new one is added.
"""

from __future__ import annotations

import sqlite3

from zcnas.errors import ServingError

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE attempts (
            number      INTEGER PRIMARY KEY AUTOINCREMENT,
            arrival     TEXT NOT NULL UNIQUE,
            team        TEXT NOT NULL,
            file        TEXT NOT NULL,
            phase       TEXT NOT NULL,
            received_at TEXT NOT NULL,
            sha256      TEXT NOT NULL,
            state       TEXT NOT NULL CHECK (state IN ('refused', 'waiting', 'running', 'scored',
                                                       'failed', 'cancelled', 'disqualified')),
            note        TEXT NOT NULL DEFAULT ''
        ) STRICT
        """,
        "CREATE INDEX attempts_of_team ON attempts (team, phase, received_at)",
        "CREATE INDEX attempts_by_state ON attempts (state)",
        "CREATE INDEX attempts_by_content ON attempts (sha256) WHERE sha256 <> ''",
        """
        CREATE TABLE runs (
            number     INTEGER PRIMARY KEY AUTOINCREMENT,
            attempt    INTEGER NOT NULL REFERENCES attempts (number),
            generation INTEGER NOT NULL,
            started_at TEXT NOT NULL,
            ended_at   TEXT NOT NULL DEFAULT '',
            fault      TEXT NOT NULL DEFAULT '',
            score      REAL,
            scores     TEXT NOT NULL DEFAULT '',
            machine    TEXT NOT NULL DEFAULT '',
            cpu_model  TEXT NOT NULL DEFAULT '',
            image      TEXT NOT NULL DEFAULT '',
            program    TEXT NOT NULL DEFAULT ''
        ) STRICT
        """,
        "CREATE UNIQUE INDEX one_open_run ON runs (attempt) WHERE ended_at = ''",
        "CREATE INDEX runs_of_attempt ON runs (attempt)",
        """
        CREATE TABLE phases (
            name       TEXT PRIMARY KEY,
            generation INTEGER NOT NULL DEFAULT 1
        ) STRICT
        """,
        """
        CREATE TABLE pause (
            only  INTEGER PRIMARY KEY CHECK (only = 1),
            since TEXT NOT NULL,
            why   TEXT NOT NULL
        ) STRICT
        """,
    ),
    (
        """
        CREATE TABLE choices (
            number    INTEGER PRIMARY KEY AUTOINCREMENT,
            attempt   INTEGER NOT NULL REFERENCES attempts (number),
            arrival   TEXT NOT NULL,
            chosen_at TEXT NOT NULL
        ) STRICT
        """,
        "CREATE UNIQUE INDEX one_choice_per_file ON choices (arrival) WHERE arrival <> ''",
    ),
)
"""The steps from an empty database to this version's; ``PRAGMA user_version`` counts those done."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database to this version's schema, each step whole or not at all.

    Raises:
        ServingError: A later version of zcnas has written it.
    """
    done = version_of(connection)
    if done > len(MIGRATIONS):
        raise ServingError(
            f"the database has schema version {done}, and this version of zcnas knows "
            f"{len(MIGRATIONS)}; install the later version that wrote it"
        )
    for number in range(done, len(MIGRATIONS)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if version_of(connection) == number:  # nobody else was faster
                for statement in MIGRATIONS[number]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def version_of(connection: sqlite3.Connection) -> int:
    """Return how many steps a database has been through."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])

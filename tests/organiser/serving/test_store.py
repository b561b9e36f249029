"""The database: what is committed is on the disk, what is refused says why."""

import sqlite3

import psutil
import pytest

from zcnas.errors import ServingError
from zcnas.organiser.serving.attempts import STATES, Attempt, Run, attempt_name
from zcnas.organiser.serving.layout import NETWORK_FILE_SYSTEMS, check_local, file_system_of
from zcnas.organiser.serving.schema import MIGRATIONS, migrate, version_of
from zcnas.organiser.serving.store import Store


def test_a_commit_is_on_the_disk_when_it_returns(layout, store):
    connection = store._connection
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2, "FULL: sqlite.org/pragma"
    assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_a_network_file_system_is_refused(monkeypatch, tmp_path):
    (mount := tmp_path / "mount").mkdir()
    real = psutil.disk_partitions(all=True)
    shared = type(real[0])("server:/home", str(mount), "nfs4", "rw")
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [*real, shared])
    assert file_system_of(mount / "new" / "attempts.sqlite") == "nfs4"
    with pytest.raises(ServingError, match="network file system [(]nfs4[)].*name a folder on a di"):
        Store(mount / "attempts.sqlite")
    check_local(tmp_path / "attempts.sqlite")
    assert file_system_of(tmp_path) not in {"", *NETWORK_FILE_SYSTEMS}


def test_records_and_tables_have_the_same_columns_and_states(store):
    for table, record in (("attempts", Attempt), ("runs", Run)):
        rows = store._connection.execute(f"PRAGMA table_info({table})").fetchall()
        assert tuple(row["name"] for row in rows) == record.__struct_fields__
    sql = store._connection.execute(
        "SELECT sql FROM sqlite_master WHERE name = 'attempts'"
    ).fetchone()[0]
    assert all(f"'{state}'" in sql for state in STATES)


def test_every_column_is_documented(store, repository):
    page = (repository / "docs" / "serving.md").read_text()
    for table in ("attempts", "runs", "choices", "phases", "pause"):
        for row in store._connection.execute(f"PRAGMA table_info({table})").fetchall():
            assert f"`{row['name']}`" in page, (table, row["name"])
    for state, meaning in STATES.items():
        assert f"| `{state}` | {meaning} |" in page


def test_a_database_of_a_later_version_is_refused_and_an_empty_one_made(tmp_path):
    path = tmp_path / "a.sqlite"
    Store(path).close()
    connection = sqlite3.connect(path)
    assert version_of(connection) == len(MIGRATIONS)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(ServingError, match="later version"):
        Store(path)


def test_a_step_that_fails_leaves_the_version_before(tmp_path, monkeypatch):
    path = tmp_path / "a.sqlite"
    Store(path).close()
    broken = ("CREATE TABLE more (one TEXT)", "CREATE TABLE more (twice TEXT)")
    monkeypatch.setattr("zcnas.organiser.serving.schema.MIGRATIONS", (*MIGRATIONS, broken))
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection)
    assert version_of(connection) == len(MIGRATIONS)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
    assert "more" not in names
    connection.close()


def test_what_is_not_a_database_is_told_as_that(tmp_path):
    (tmp_path / "a.sqlite").write_text("no database, whatever its name says\n" * 100)
    with pytest.raises(ServingError, match="cannot be used as the server's database"):
        Store(tmp_path / "a.sqlite")


def test_a_transaction_that_is_not_finished_leaves_nothing(store, enter):
    attempt = enter("ada")

    def interrupted():
        with store.transaction():
            store.set_state(attempt.number, "running")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert store.attempts() == [attempt]


def test_an_attempt_has_one_open_run_however_often_it_is_begun(store, enter):
    attempt = enter("ada")
    first = store.begin_run(attempt)
    assert store.begin_run(attempt) == first
    store.end_run(first.number, "the engine died")
    assert store.begin_run(attempt).number == first.number + 1


@pytest.mark.parametrize("team", ["ada", "a" * 200, "../..", "Ä\u202eö", " ", "-rf"])
def test_an_attempts_name_is_a_plain_file_name_that_ends_in_its_number(team):
    name = attempt_name(team, 17)
    assert name.endswith("-17")
    assert "/" not in name
    assert not name.startswith((".", "-", " "))
    assert len(name) <= 64

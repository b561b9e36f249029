"""The attack table as a command and as columns of the documentation."""

import dataclasses

import pytest
from typer.testing import CliRunner

from zcnas.isolation.admission import Verdict
from zcnas.organiser.attack_table.report import BEGIN, END, RESULTS_FILE, read_columns, table_of
from zcnas.organiser.attack_table.rows import ATTACKS, Ground
from zcnas.organiser.cli.main import app
from zcnas.organiser.cli.safety import finding_of

AROUND = {"neighbours", "host", "listener", "secret"}
GROUND = Ground("process", contained=False, together=True, as_root=True, landlock=6)


def test_a_back_end_without_attacks_is_named_with_those_that_have():
    done = CliRunner().invoke(app, ["doctor", "--attack-table", "nonsense"])
    assert done.exit_code != 0
    assert "choose from docker" in str(done.exception)


def test_the_page_prints_the_recorded_results(repository):
    columns = read_columns(repository / RESULTS_FILE)
    page = (repository / "docs" / "security.md").read_text()
    assert page.partition(BEGIN)[2].partition(END)[0].strip() == table_of(columns).strip()


def test_every_attack_was_run_in_every_recorded_back_end(repository):
    columns = read_columns(repository / RESULTS_FILE)
    assert "bubblewrap" in columns
    for column in columns.values():
        assert {verdict.name for verdict in column.verdicts} == set(ATTACKS) | AROUND


def test_every_recorded_boundary_holds_every_row(repository):
    columns = read_columns(repository / RESULTS_FILE)
    for name in {"docker", "bubblewrap"} & set(columns):
        assert [v for v in columns[name].verdicts if not v.held] == []


@pytest.mark.parametrize(
    ("verdict", "kind", "text"),
    [
        (Verdict("x", "4 × ok 0", "", ""), "ok", "4 × ok 0"),
        (Verdict("x", "4 × ok 1", "a score", ""), "error", "not held: a score"),
        (Verdict("x", "4 × ok 1", "", "can be read"), "error", "not prevented: can be read"),
    ],
)
def test_a_row_is_a_finding(verdict, kind, text):
    finding = finding_of(verdict)
    assert (finding.verdict, finding.text) == (kind, text)
    assert bool(finding.fix) == (kind == "error")


@pytest.mark.parametrize(
    ("changed", "left_open"),
    [
        ({}, ""),
        ({"together": False}, "root can start any number of processes in its turn"),
        ({"together": False, "as_root": False}, ""),
        ({"together": False, "contained": True}, ""),
    ],
)
def test_what_is_left_open_depends_on_what_the_machine_has(changed, left_open):
    ground = dataclasses.replace(GROUND, **changed)
    assert ATTACKS["forks_without_end"].left_open(ground) == left_open


def test_an_old_landlock_leaves_open_what_it_would_prevent():
    ground = dataclasses.replace(GROUND, landlock=3)
    assert "Landlock 3; 6 prevents it" in ATTACKS["escapes"].left_open(ground)

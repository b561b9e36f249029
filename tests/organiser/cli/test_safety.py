"""``zcnas doctor`` and ``zcnas feedback`` as the organiser at the terminal sees them."""

import json
import os

import pytest
from typer.testing import CliRunner

from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.organiser.cli.main import app
from zcnas.organiser.doctor import error, ok, warning
from zcnas.words.records import write_json


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("findings", "code"),
    [
        ([ok("well")], 0),
        ([ok("well"), warning("so so", "look")], 0),
        ([error("bad", "`make image`"), ok("well")], 3),
    ],
)
def test_the_doctor_prints_each_finding_with_its_mend_and_ends_with_3_for_an_error(
    monkeypatch, findings, code
):
    checks = {str(n): lambda situation, f=f: f for n, f in enumerate(findings)}
    monkeypatch.setattr("zcnas.organiser.doctor.checks.CHECKS", checks)
    done = run("doctor", "--isolation", "process")
    assert done.exit_code == code
    for finding in findings:
        assert finding.text in done.output
        assert not finding.fix or f"fix: {finding.fix}" in done.output


def test_the_doctor_is_told_what_the_organiser_is_about_to_do(monkeypatch, tmp_path):
    told = []
    checks = {"all": lambda situation: told.append(situation) or ok("")}
    monkeypatch.setattr("zcnas.organiser.doctor.checks.CHECKS", checks)
    monkeypatch.setenv("ZCNAS_DATA", str(tmp_path))
    monkeypatch.setenv("ZCNAS_PHASES", str(tmp_path / "draws"))
    run("doctor", "--phase", "final", "--cpus", "0", "--out", tmp_path / "out")
    (situation,) = told
    assert (situation.phase.name, situation.cpus) == ("final", "0")
    assert situation.needs_engine
    assert (situation.data, situation.draws) == (tmp_path, tmp_path / "draws")
    assert situation.out == tmp_path / "out"


@pytest.mark.parametrize(
    ("phase", "arguments", "score"),
    [
        ("practice", (), 0.12345),
        ("development", (), 0.123),
        ("final", (), None),
        ("final", ("--level", "full"), 0.12345),
    ],
)
def test_feedback_follows_the_phase_unless_told_otherwise(tmp_path, phase, arguments, score):
    entry = Entry(
        rank=1,
        submission="mine",
        method="m",
        score=0.12345,
        kendall_tau={"nasbench201_cifar10": 0.12345},
        status="scored",
        failures={},
        wall_time_s=1.0,
        cpu_time_s=1.0,
    )
    board = Leaderboard(
        phase=phase,
        title="t",
        isolation="docker",
        data_sources={},
        accuracy_sources={},
        benchmarks=("nasbench201_cifar10",),
        entries=(entry,),
    )
    write_json(tmp_path / "run" / "leaderboard.json", board)
    done = run("feedback", tmp_path / "run", "--to", tmp_path / "out", *arguments)
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "out" / "mine" / "result.json").read_text())
    assert told.get("score") == score
    assert f"phase '{phase}'" in done.output.replace(os.linesep, " ")

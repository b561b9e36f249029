"""What is found where: the package's own files, and what a competition folder replaces."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zcnas.errors import PhaseError
from zcnas.organiser.cli.main import app
from zcnas.words import resources

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def competition(tmp_path):
    """A competition folder made by the command."""
    done = CliRunner().invoke(
        app, ["init", "--competition", str(tmp_path / "mine")], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    return tmp_path / "mine"


@pytest.mark.parametrize(
    "name",
    [
        "reference_data/phases.toml",
        "reference_data/practice/nasbench201_cifar10.json",
        "starting_kit/input_data/nasbench201_cifar10.json",
        "starting_kit/submissions/nwot/predictor.py",
        "ingestion_program/ingestion.py",
        "ingestion_program/naslib/__init__.py",
        "scoring_program/metadata.yaml",
        "docker/Dockerfile",
        "docs/costs.json",
        "competition.yaml",
    ],
)
def test_everything_the_package_needs_is_found_whatever_the_current_folder(
    name, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert resources.package_file(name) == ROOT / name
    assert resources.competition_file(name) == ROOT / name
    assert (ROOT / name).is_file()


def test_a_competition_folder_is_found_from_any_folder_below(competition, monkeypatch):
    below = competition / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert resources.competition_folder() == competition
    phases = competition / "reference_data" / "phases.toml"
    assert resources.competition_file("reference_data/phases.toml") == phases
    assert resources.public_halves("practice") == (
        competition / "starting_kit" / "input_data",
        competition / "reference_data" / "practice",
    )


def test_what_a_competition_folder_lacks_comes_from_the_package(competition, monkeypatch):
    (competition / "competition.yaml").unlink()
    monkeypatch.chdir(competition)
    assert resources.competition_file("competition.yaml") == ROOT / "competition.yaml"
    assert resources.competition_file("starting_kit/submissions").is_relative_to(ROOT)


def test_halves_are_never_taken_from_two_places(competition, monkeypatch):
    monkeypatch.chdir(competition)
    for path in (competition / "starting_kit" / "input_data").iterdir():
        path.unlink()
    inputs, references = resources.public_halves("practice")
    assert inputs.is_relative_to(competition)
    assert references.is_relative_to(competition)


def test_programs_and_the_image_never_come_from_the_current_folder(competition, monkeypatch):
    for name in ("ingestion_program", "docker"):
        (competition / name).mkdir()
        (competition / name / "Dockerfile").write_text("FROM evil")
    monkeypatch.chdir(competition)
    assert resources.package_file("docker/Dockerfile") == ROOT / "docker" / "Dockerfile"
    assert resources.package_file("ingestion_program") == ROOT / "ingestion_program"


def test_init_overwrites_nothing(competition, monkeypatch):
    (competition / "competition.yaml").write_text("mine")
    done = CliRunner().invoke(app, ["init", "--competition", str(competition)])
    assert isinstance(done.exception, PhaseError)
    assert "competition.yaml" in str(done.exception)
    assert (competition / "competition.yaml").read_text() == "mine"


def test_a_draw_outside_every_competition_folder_names_the_way(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PhaseError, match=r"`zcnas init --competition FOLDER`.*--out"):
        resources.writable_halves("practice")


def test_edited_phases_count_in_the_competition_folder(competition, monkeypatch):
    path = competition / "reference_data" / "phases.toml"
    path.write_text(re.sub(r"^\[practice", "[mine", path.read_text(), flags=re.M))
    monkeypatch.chdir(competition)
    done = CliRunner().invoke(app, ["phases"], env={"COLUMNS": "200"}, catch_exceptions=False)
    assert "mine (3 of 3" in done.output

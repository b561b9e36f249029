"""What participants download: it installs in an empty folder, and everything it names is there."""

import os
import re
import subprocess

import pytest

from zcnas.organiser.kit import kit_files
from zcnas.organiser.platforms.bundle.programs import starting_kit

from .conftest import BENCHMARK, NOWHERE, Installed, clean_environment, find_python, uv

pytestmark = pytest.mark.interpreters
COMMANDS = [
    (("--version",), 0, "zcnas 0."),
    (("phases",), 0, "practice (3 of 3 benchmarks)"),
    (("check", "."), 0, "accepted"),
    (("submission", "."), 0, " predictor.py"),
    (("try", "predictor.py", "--benchmark", "nasbench301_svhn"), 0, "score: "),
    (("dry-run", ".", "--isolation", "process", "--benchmark", BENCHMARK, "-n", "2"), 0,
     "This is not the score"),
    (("submission", "."), 0, " predictor.py"),
]  # fmt: skip


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    """The kit's one folder, as a bundle has it, in an empty folder."""
    folder = tmp_path_factory.mktemp("kit")
    for name, content in starting_kit().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (top,) = folder.iterdir()
    return top


@pytest.fixture(scope="module")
def installed(kit, tmp_path_factory):
    """An environment with what the kit's README says to install."""
    python = find_python("3.11")
    if python is None:
        pytest.skip("no Python 3.11 here: neither python3.11 nor pyenv has it")
    folder = tmp_path_factory.mktemp("environment") / "env"
    uv("venv", "--python", python, folder)
    requirements = (kit / "requirements.txt").read_text().replace("./", f"{kit}/")
    (folder / "requirements.txt").write_text(requirements)
    try:
        uv("pip", "install", "--python", folder / "bin/python", "-r", folder / "requirements.txt")
    except AssertionError as error:
        if "torch" not in str(error):
            raise
        pytest.skip(f"torch's CPU build cannot be had: {error}")
    return Installed(folder)


def test_it_is_one_folder_with_what_a_participant_needs_and_nothing_of_organisers(kit):
    tops = {path.name for path in kit.iterdir()}
    (wheel,) = (name for name in tops if name.endswith(".whl"))
    assert tops - {wheel} == {
        *("README.md", "predictor.py", "test_predictor.py", "requirements.txt"),
        *("input_data", "submissions", "few_labels"),
    }


def test_init_makes_the_same_kit_from_an_installed_package(installed, kit, tmp_path):
    assert installed("init", "mine", cwd=tmp_path).returncode == 0
    ours = kit_files()
    made = {
        path.relative_to(tmp_path / "mine").as_posix(): path.read_bytes()
        for path in (tmp_path / "mine").rglob("*")
        if path.is_file()
    }
    assert made.keys() == ours.keys()
    assert {name for name in ours if made[name] != ours[name]} <= {
        name for name in ours if name.endswith(".whl")
    }
    (wheel,) = (tmp_path / "mine").glob("*.whl")
    folder = tmp_path / "again"
    uv("venv", "--python", installed.folder / "bin/python", folder)
    uv("pip", "install", "--python", folder / "bin/python", "--no-deps", wheel)


def test_every_command_the_kit_names_works_in_it(installed, kit):
    wrong = []
    for arguments, code, said in COMMANDS:
        done = installed(*arguments, cwd=kit)
        if done.returncode != code or said not in done.stdout + done.stderr:
            wrong.append((arguments, done.returncode, (done.stdout + done.stderr)[-400:]))
    assert not wrong


@pytest.mark.parametrize("script", ["predictor.py", "test_predictor.py"])
def test_its_scripts_run(installed, kit, script):
    done = subprocess.run(
        [installed.folder / "bin/python", script],
        cwd=kit,
        env={**clean_environment(), "DOCKER_HOST": NOWHERE, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_kit_that_was_worked_in_still_packs_the_predictor_alone(installed, kit):
    for name in ("build/dry-run", "build/submission"):
        (kit / name).mkdir(parents=True, exist_ok=True)
        (kit / name / "run.json").write_text("{}")
    done = installed("submission", ".", "--json", cwd=kit)
    assert '"files": ["metadata", "predictor.py"]' in done.stdout


def test_every_link_of_the_kit_leads_somewhere(kit):
    dead = []
    for page in kit.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                dead.append(f"{page.relative_to(kit)} -> {target}")
    assert not dead

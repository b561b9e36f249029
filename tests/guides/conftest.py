"""A checkout whose practice phase is small, and a shell in it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURES = 12
"""Of each practice benchmark, instead of 100."""


class Shell:
    """Runs commands as a reader of a guide types them.

    Attributes:
        folder: Where they are typed.
    """

    def __init__(self, folder, **environment):
        self.folder = folder
        self._environment = os.environ | environment

    def __call__(self, command):
        """Run a command; it has to succeed. Return all that it said."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self._environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """The tracked files, the environment these tests run in, and a practice phase cut short."""
    folder = tmp_path_factory.mktemp("guides") / "zcnas"
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
            (folder / name).chmod((ROOT / name).stat().st_mode)
    _cut(folder)
    (folder / ".venv").mkdir()
    for name in ("bin", "lib", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    python = f"{sys.base_prefix}-{sys.version.split()[0]}".replace("/", "-")
    for mark in (f"made-with{python}", "installed", "installed-dev"):
        (folder / ".venv" / mark).touch()
    return folder


def _cut(folder):
    """Leave the first architectures of the practice phase."""
    phases = folder / "reference_data" / "phases.toml"
    before, table, after = phases.read_text().partition("[practice]\n")
    after = re.sub(r"architectures = \d+", f"architectures = {ARCHITECTURES}", after, count=1)
    phases.write_text(before + table + after)
    for path in sorted((folder / "reference_data" / "practice").glob("nasbench201_*.json")):
        visible = folder / "starting_kit" / "input_data" / path.name
        data, reference = json.loads(visible.read_text()), json.loads(path.read_text())
        data["architectures"] = data["architectures"][:ARCHITECTURES]
        kept = {each["id"] for each in data["architectures"]}
        accuracies = reference["accuracies"].items()
        reference["accuracies"] = {key: value for key, value in accuracies if key in kept}
        visible.write_text(json.dumps(data))
        path.write_text(json.dumps(reference))


def _environment(checkout):
    return {
        "PATH": f"{checkout / '.venv' / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(checkout / "src"),
        "PYTHON": sys.executable,
        "DOCKER_HOST": "unix:///nowhere/docker.sock",
        "ISOLATION": "process",
        "COLUMNS": "120",
    }


@pytest.fixture(scope="session")
def in_checkout(checkout):
    """A shell in the checkout, as organisers have it."""
    return Shell(checkout, **_environment(checkout))


@pytest.fixture
def elsewhere(checkout, tmp_path):
    """A shell in an empty folder, as participants and researchers have it."""
    return Shell(tmp_path, **_environment(checkout))

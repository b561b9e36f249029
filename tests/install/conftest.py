"""The built wheel in environments of its own, on the Pythons that are here."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARK = "nasbench201_imagenet16_120"
PREDICTOR = """
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return sum(p.numel() for p in graph.parameters())
"""
MANY_COMMANDS = Path(__file__).with_name("many_commands.py")
NOWHERE = "unix:///nowhere/docker.sock"


class Installed:
    """An environment with zcnas in it."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, *arguments, cwd, **environment):
        """Run the console script and return what it said; it may never end in a traceback."""
        done = subprocess.run(
            [self.folder / "bin" / "zcnas", *map(str, arguments)],
            cwd=cwd,
            env={**_surroundings(), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def many(self, commands, cwd):
        """Run commands in forks of one interpreter; return the exit code and output of each."""
        done = subprocess.run(
            [self.folder / "bin" / "python", MANY_COMMANDS],
            cwd=cwd,
            env=_surroundings(),
            input=json.dumps(commands),
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        return json.loads(done.stdout)


def _surroundings():
    return {**clean_environment(), "COLUMNS": "100", "DOCKER_HOST": NOWHERE}


def clean_environment():
    """Return this process's environment without what would lead back to the checkout."""
    dropped = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "ZCNAS_DATA", "ZCNAS_PHASES", "VIRTUAL_ENV")
    return {key: value for key, value in os.environ.items() if key not in dropped}


def find_python(version):
    """Return an interpreter of a version: on the PATH or among pyenv's; None without one."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_path = shutil.which(f"python{version}")
    places = [*([on_path] if on_path else []), *sorted(pyenv.glob(f"{version}.*/bin/python"))]
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    for place in places:
        done = subprocess.run([place, "-c", code], capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return place
    return None


def uv(*arguments):
    """Run uv, with the places pip is told to look in, and fail with what it said."""
    environment = clean_environment()
    for pip, its in (("PIP_FIND_LINKS", "UV_FIND_LINKS"), ("PIP_EXTRA_INDEX_URL", "UV_INDEX")):
        if value := environment.get(pip):
            environment.setdefault(its, value)
    done = subprocess.run(
        [sys.executable, "-m", "uv", "--quiet", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of this checkout."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


@pytest.fixture(scope="session")
def base(wheel, tmp_path_factory):
    """A function from a Python version to an environment with the wheel and no extra."""
    made = {}

    def install(version):
        if version not in made:
            python = find_python(version)
            if python is None:
                pytest.skip(f"no Python {version} here: neither python{version} nor pyenv has it")
            folder = tmp_path_factory.mktemp("base") / "env"
            uv("venv", "--python", python, folder)
            into = ("pip", "install", "--compile-bytecode", "--python", folder / "bin" / "python")
            uv(*into, wheel)
            made[version] = Installed(folder)
        return made[version]

    return install


@pytest.fixture(scope="session")
def full(wheel, tmp_path_factory):
    """An environment with the wheel, its pages, and torch's CPU build; Python 3.11.

    Of torch only what is imported is compiled, once, here: a worker may not write into it.
    """
    python = find_python("3.11")
    if python is None:
        pytest.skip("no Python 3.11 here: neither python3.11 nor pyenv has it")
    folder = tmp_path_factory.mktemp("full") / "env"
    uv("venv", "--python", python, folder)
    into = ("pip", "install", "--python", folder / "bin" / "python")
    try:
        uv(*into, "--no-deps", "-r", ROOT / "requirements" / "torch.txt")
    except AssertionError as error:
        pytest.skip(f"torch's CPU build cannot be had: {error}")
    uv(*into, f"{wheel}[run,pages]")
    imported = [folder / "bin" / "python", "-c", "import torch, zcnas.proxies"]
    subprocess.run(imported, env=clean_environment(), check=True)
    return Installed(folder)


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """An empty folder outside the checkout with one submission in it."""
    folder = tmp_path_factory.mktemp("workplace")
    (folder / "mine").mkdir()
    (folder / "mine" / "predictor.py").write_text(PREDICTOR)
    return folder

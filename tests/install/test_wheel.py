"""The wheel in an empty folder: every command works, or says what it needs and names the way."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from .conftest import BENCHMARK, ROOT, Installed, uv

pytestmark = pytest.mark.interpreters
COMMANDS = {
    *("audit", "bundle", "bundle-check", "check", "data", "doctor", "dry-run", "emulate"),
    *("feedback", "image", "init", "leaderboard", "merge", "phases", "publish", "queue", "rank"),
    *("sample", "score", "serve", "smoke", "status", "submission", "try"),
}
WITHOUT_TORCH = [
    (("--version",), 0, "zcnas 0."),
    (("--show-completion", "bash"), 0, "_ZCNAS_COMPLETE"),
    (("phases",), 0, "practice (3 of 3 benchmarks)"),
    (("phases", "--json"), 0, '"forward_s"'),
    (("check", "mine"), 0, "mine: accepted"),
    (("check", "mine", "--json"), 0, '"sha256"'),
    (("submission", "mine"), 0, "ready to upload"),
    (("data", "--to", "data", "--check"), 0, "CIFAR-10"),
    (("data",), 2, "set ZCNAS_DATA=FOLDER, or pass --to"),
    (("sample",), 2, "make one with `zcnas init --competition FOLDER`"),
    (("sample", "--phase", "final"), 2, "--out DIR"),
    (("score", "mine", "--isolation", "process"), 2, "pip install 'zcnas[run]'"),
    (("dry-run", "mine", "--isolation", "process"), 2, "pip install 'zcnas[run]'"),
    (("smoke", "mine", "--isolation", "process"), 2, "pip install 'zcnas[run]'"),
    (("try", "mine"), 2, "pip install 'zcnas[run]'"),
    (("score", "mine", "--phase", "final"), 2, "phase 'final' is hidden"),
    (("score", "mine", "--scheduler", "tls://h:1"), 2, "pip install 'zcnas[cluster]'"),
    (("bundle", "--phase", "practice"), 2, "pip install 'zcnas[pages]'"),
    (("bundle-check",), 2, "pip install 'zcnas[pages]'"),
    (("emulate", "--submission", "mine"), 2, "build/bundle/codabench.zip"),
    (("status", "nowhere"), 2, "nowhere"),
    (("rank", "nowhere"), 2, "nowhere"),
    (("leaderboard", "nowhere"), 2, "nowhere"),
    (("merge", "nowhere", "--out", "both"), 2, "nowhere"),
    (("publish", "cited", "--out", "nowhere"), 2, "pip install 'zcnas[pages]'"),
    (("feedback", "nowhere"), 2, "nowhere"),
    (("audit", "mine", "--out", "nowhere"), 2, "nowhere"),
    (("doctor", "--isolation", "process"), 3, "pip install 'zcnas[run]'"),
    (("queue", "--folder", "nowhere"), 2, "nowhere is not a server's folder"),
    (("serve", "nowhere", "--phase", "practice"), 2, "pip install 'zcnas[pages]'"),
    (("image",), 3, "no Docker engine answers"),
]
"""Arguments, exit code and part of what is said where no extra is installed."""


def test_the_wheel_has_one_top_level_name_and_no_draw_but_the_public_one(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"zcnas"}
    drawn = {name.split("/")[3] for name in names if name.startswith("zcnas/assets/reference_data")}
    practice = {"practice", "practice_forged", "practice_labels"}
    assert drawn == {"README.md", "phases.toml", *practice}
    assert not [name for name in names if "__pycache__" in name]
    assert "zcnas/assets/tests/hostile/submissions/escapes/predictor.py" in names
    assert not [name for name in names if "/tests/" in name and "/submissions/" not in name]


def test_the_source_distribution_builds_the_same_wheel(wheel, tmp_path):
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", tmp_path]
    subprocess.run([*build, "--sdist", ROOT], check=True, capture_output=True)
    shutil.unpack_archive(next(tmp_path.glob("*.tar.gz")), tmp_path)
    unpacked = next(path for path in tmp_path.iterdir() if path.is_dir())
    subprocess.run([*build, "--wheel", unpacked], check=True, capture_output=True)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_without_extras_every_command_works_or_names_what_it_needs(base, workplace, version):
    zcnas = base(version)
    assert not (zcnas.folder / "lib" / f"python{version}" / "site-packages" / "torch").exists()
    done = zcnas.many([arguments for arguments, *_ in WITHOUT_TORCH], cwd=workplace)
    wrong = [
        (arguments, came, output[-300:])
        for (arguments, code, said), (came, output) in zip(WITHOUT_TORCH, done, strict=True)
        if came != code or said not in output or "Traceback" in output
    ]
    assert not wrong
    assert {arguments[0] for arguments, *_ in WITHOUT_TORCH} >= COMMANDS - {"init"}


@pytest.mark.parametrize(("arguments", "code", "said"), WITHOUT_TORCH[:5])
def test_the_console_script_says_the_same(base, workplace, arguments, code, said):
    done = base("3.11")(*arguments, cwd=workplace)
    assert done.returncode == code
    assert said in done.stdout + done.stderr


def test_the_base_is_smaller_than_150_mb(base):
    folder = base("3.11").folder
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) < 150e6


def test_a_competition_folder_is_made_and_used(base, workplace, tmp_path):
    zcnas = base("3.12")
    assert zcnas("init", "--competition", "competition", cwd=tmp_path).returncode == 0
    phases = tmp_path / "competition" / "reference_data" / "phases.toml"
    phases.write_text(phases.read_text().replace("starter", "beginning"))
    shown = zcnas("phases", "--json", cwd=tmp_path / "competition")
    assert "beginning" in json.loads(shown.stdout)
    packaged = zcnas("phases", "--json", cwd=tmp_path)
    assert "starter" in json.loads(packaged.stdout)


@pytest.fixture(scope="module")
def scored(full, workplace):
    """The results folder of a run from the wheel, and what the command said."""
    mine = ("score", "mine", "--isolation", "process", "--benchmark", BENCHMARK)
    done = full(*mine, cwd=workplace)
    assert done.returncode == 0, done.stderr
    return workplace / "build" / "score"


def test_with_run_and_pages_every_command_does_its_work(full, scored, workplace):
    mine = json.loads((scored / "leaderboard.json").read_text())["entries"][0]
    assert mine["status"] == "scored"
    assert (scored / "leaderboard" / "index.html").is_file()
    process = ("--isolation", "process")
    settings = (ROOT / "competition.yaml").read_text()
    pushed = settings.replace("zcnas-worker:latest", "me/zcnas-worker:1")
    (workplace / "settings.yaml").write_text(pushed)
    for arguments in (
        ("dry-run", "mine", *process, "--benchmark", BENCHMARK, "-n", "10"),
        ("status",),
        ("rank",),
        ("leaderboard",),
        ("merge", "build/score", "--out", "merged"),
        ("feedback",),
        ("publish", "cited", "--licence", "https://creativecommons.org/licenses/by/4.0/"),
        ("audit", "mine", *process, "--architectures", "2"),
        ("bundle", "--phase", "practice", "--settings", "settings.yaml"),
        ("bundle-check",),
        ("doctor", *process),
    ):
        done = full(*arguments, cwd=workplace)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)


def test_results_are_read_where_neither_torch_nor_matplotlib_is(base, scored, tmp_path):
    shutil.copytree(scored, tmp_path / "results")
    for command in ("status", "rank", "leaderboard"):
        done = base("3.13")(command, "results", cwd=tmp_path)
        assert done.returncode == 0, (command, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def installs(full, workplace):
    """The ways zcnas is installed: name to its environment and a folder to work in."""
    editable = Installed(full.folder.parent / "editable")
    shutil.copytree(full.folder, editable.folder, symlinks=True)
    python = editable.folder / "bin" / "python"
    script = editable.folder / "bin" / "zcnas"
    script.write_text(f"#!{python}\nfrom zcnas.organiser.cli.main import main\nmain()\n")
    site = next((editable.folder / "lib").glob("python*/site-packages"))
    shutil.rmtree(site / "zcnas")
    (site / "zcnas.pth").write_text(f"{ROOT / 'src'}\n")
    uv("pip", "install", "--python", python, "hatchling")  # builds the kit's wheel
    return {
        "wheel": (full, workplace),
        "editable": (editable, workplace),
        "checkout": (editable, ROOT),
    }


def test_bundles_are_the_same_however_zcnas_is_installed(installs, tmp_path):
    bundles = set()
    for name, (zcnas, folder) in installs.items():
        out = tmp_path / name
        out.mkdir()
        (out / "practice.seal_key").write_text("ab" * 32)  # made at random, once per folder
        done = zcnas("bundle", "--phase", "practice", "--out", out, cwd=folder)
        assert done.returncode == 0, done.stderr
        bundles.add((out / "codabench.zip").read_bytes())
    assert len(bundles) == 1


def test_scores_are_the_same_however_zcnas_is_installed(installs, scored, workplace, tmp_path):
    taus = {"wheel": board_of(scored)}
    for name in ("editable", "checkout"):
        zcnas, folder = installs[name]
        mine = ("score", workplace / "mine", "--isolation", "process", "--benchmark", BENCHMARK)
        done = zcnas(*mine, "--out", tmp_path / name, cwd=folder)
        assert done.returncode == 0, done.stderr
        taus[name] = board_of(tmp_path / name)
    assert taus["wheel"] == taus["editable"] == taus["checkout"]


@pytest.mark.container
def test_the_image_is_the_same_however_zcnas_is_installed(installs, engine):
    where = {"DOCKER_HOST": os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")}
    for zcnas, folder in installs.values():
        done = zcnas("image", cwd=folder, **where)
        assert done.returncode == 0, done.stderr
        assert "is up to date" in done.stdout
        assert "building" not in done.stdout, "one recipe, one image"


def board_of(out):
    """Return the taus in a results folder."""
    (entry,) = json.loads((out / "leaderboard.json").read_text())["entries"]
    return entry["kendall_tau"]

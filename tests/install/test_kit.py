"""What participants download: every command works in it and every link leads somewhere."""

import os
import re
import subprocess
import sys

import pytest

from zcnas.organiser.platforms.bundle.programs import starting_kit

COMMANDS = [
    (("phases",), 0, "practice (3 of 3 benchmarks)"),
    (("check", "starting_kit"), 0, "accepted"),
    (("submission", "starting_kit"), 0, "ready to upload"),
    (("bundle", "--phase", "practice"), 0, "codabench.zip"),
    (("bundle-check",), 0, "ready to upload"),
    (("init", "mine"), 0, "competition.yaml"),
    (("data", "--to", "data", "--check"), 0, "CIFAR-10"),
    (("sample", "--phase", "final"), 2, "--out DIR"),
    (("score", "--phase", "final"), 2, "phase 'final' is hidden"),
    (("emulate", "--submission", "nowhere", "--isolation", "process"), 1, "nowhere"),
    (("status",), 2, "build/score"),
    (("rank",), 2, "build/score"),
    (("leaderboard",), 2, "build/score"),
    (("merge", "build/score", "--out", "both"), 2, "build/score"),
    (("feedback",), 2, "build/score"),
    (("audit",), 2, "build/score"),
    (("doctor", "--isolation", "process"), 0, "phase 'practice' is public"),
    (("image",), 3, "no Docker engine answers"),
]


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    """The unpacked starting kit."""
    folder = tmp_path_factory.mktemp("kit")
    for name, content in starting_kit().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def run(kit, *arguments):
    """Run a command of the kit's own library in the kit."""
    code = "from zcnas.organiser.cli.main import main; main()"
    nowhere = {"DOCKER_HOST": "unix:///nowhere/docker.sock", "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=kit,
        env={**os.environ, **nowhere, "PYTHONPATH": str(kit / "src"), "ZCNAS_PHASES": ""},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_command_works_in_the_kit_or_says_what_it_needs(kit):
    wrong = []
    for arguments, code, said in COMMANDS:
        done = run(kit, *arguments)
        output = done.stdout + done.stderr
        if done.returncode != code or said not in output or "Traceback" in output:
            wrong.append((arguments, done.returncode, output[-400:]))
    assert not wrong


def test_a_dry_run_in_the_kit_is_the_organisers_run(kit):
    done = run(
        kit, "dry-run", "starting_kit/submissions/params", "--isolation", "process",
        "--benchmark", "nasbench201_imagenet16_120", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"status": "scored"' in done.stdout


def test_every_link_of_the_kit_leads_somewhere(kit):
    dead = []
    for page in kit.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                dead.append(f"{page.relative_to(kit)} -> {target}")
    assert not dead


def test_the_kit_has_the_files_that_make_installs_from(kit):
    named = set(re.findall(r"requirements/[\w.]+", (kit / "Makefile").read_text()))
    assert len(named) >= 4
    assert all((kit / name).is_file() for name in named)

"""What `zcnas serve --check` says is missing before a competition opens."""

import dataclasses
import datetime
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from zcnas.organiser.serving import readiness

ZCNAS = Path(sys.executable).parent / "zcnas"


@pytest.fixture
def found(light_plan, monkeypatch):
    """A function that returns the server's own findings by name; the doctor's have their tests."""
    monkeypatch.setattr(readiness, "CHECKS", dict.fromkeys(readiness.PER_PHASE, lambda _: None))

    def found(plan=light_plan):
        return dict(readiness.findings(plan, ""))

    return found


def test_a_folder_that_is_ready_has_teams_dates_halves_and_a_private_database(found, layout):
    (layout.inbox / "ada").mkdir()
    said = found()
    assert {name: each.verdict for name, each in said.items() if each} == {
        "database": "ok", "inbox": "ok", "dates": "ok", "halves of practice": "ok",
    }  # fmt: skip
    assert said["inbox"].text == "1 team"
    assert said["halves of practice"].text == "2 benchmarks of 15 architectures"
    assert said["dates"].text == "Practice is open now"


def test_what_is_missing_is_said_with_its_fix(found, light_plan, layout, monkeypatch):
    (served,) = light_plan.phases
    over = msgspec.structs.replace(served.settings, end=datetime.datetime(2021, 1, 1))
    late = dataclasses.replace(served, settings=over, references=layout.folder / "nowhere")
    layout.private.chmod(0o755)
    said = found(dataclasses.replace(light_plan, phases=[late]))
    assert said["database"].fix == f"run `chmod 700 {layout.private}`"
    assert said["inbox"].text == f"{layout.inbox} has no team's folder"
    assert said["dates"].text == "no phase is open, and none follows"
    assert said["halves of practice"].fix == "draw it again with `zcnas sample --phase practice`"
    mount = psutil.disk_partitions(all=True)[0]
    shared = type(mount)("server:/home", str(layout.folder), "nfs4", "rw")
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [shared])
    assert "network file system (nfs4)" in found()["database"].text


def test_a_phase_that_is_not_drawn_is_a_finding_and_not_the_end_of_the_check(tmp_path):
    subprocess.run([ZCNAS, "init", "--competition", tmp_path / "c"], check=True, cwd=tmp_path)
    done = subprocess.run(
        [ZCNAS, "serve", "served", "--check", "--phase", "development", "--phase", "final"],
        cwd=tmp_path / "c", env={k: v for k, v in os.environ.items() if k != "ZCNAS_PHASES"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    said = " ".join((done.stdout + done.stderr).split())
    assert "draws: phase 'development' is hidden" in said
    assert "fix: draw it with `zcnas sample --phase final --out DIR`" in said
    assert not (tmp_path / "c" / "served").exists(), "a check makes nothing"

"""From the platform to the ranking that counts, by the two commands an organiser types."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .conftest import COMPETITION, TOKEN

LIGHT = Path(__file__).parents[2] / "cli" / "light_scoring.py"
PREDICTOR = "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None): return 1\n"


def zipped(source):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("predictor.py", source)
    return buffer.getvalue()


@pytest.fixture
def zcnas(site, tmp_path):
    """A function that runs ``zcnas`` with light workers and returns its record."""

    def run(*words):
        done = subprocess.run(
            [sys.executable, LIGHT, tmp_path / "asked", *words, "--json"],
            cwd=tmp_path,
            env={**os.environ, "CODABENCH_TOKEN": TOKEN},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), done.stderr

    return run


def test_a_pulled_phase_is_scored_here_and_every_difference_has_its_reason(site, zcnas, tmp_path):
    pull = ("pull", "--competition", str(COMPETITION), "--phase", "practice")
    where = ("--site", site.address, "--out", "home")
    repeat = ("repeat", "home", "--isolation", "process", "--out", "out")
    for number, owner in enumerate(("ada", "eve", "bob"), start=1):
        site.add(number, zipped(PREDICTOR), owner=owner)
    site.add(4, zipped(PREDICTOR), owner="bob", status="Failed", status_details="rc=1")
    zcnas(*pull, *where)
    first, _ = zcnas(*repeat)
    entries = {entry["submission"]: entry for entry in first["leaderboard"]["entries"]}
    assert set(entries) == {"ada-1", "eve-2", "bob-3"}
    assert entries["ada-1"]["team"] == "ada"

    truth = entries["ada-1"]
    columns = {"score": truth["score"], **truth["kendall_tau"], "failed": 0}
    for each, change in zip(site.submissions, ({}, {"score": 1.0}, {"failed": 12}), strict=False):
        posted = columns | change
        if "failed" in change:
            posted["score"] = -0.5
        each["scores"] = [
            {"id": 1, "index": 0, "score": f"{value:.10f}", "column_key": key}
            for key, value in posted.items()
        ]
    zcnas(*pull, *where)
    again, said = zcnas(*repeat)
    why = {row["submission"]: row["why"] for row in again["differences"]}
    assert why["eve-2"].endswith("or the score is forged")
    assert why["bob-3"] == "12 architectures failed there, 0 here"
    assert why["bob-4"] == "failed there: rc=1"
    assert "the platform agrees on" in said
    assert [row["rank_there"] for row in again["differences"] if row["submission"] == "eve-2"] == [
        1
    ]

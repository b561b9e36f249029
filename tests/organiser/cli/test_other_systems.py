"""What a participant on macOS is told: what works there, and where the rest does; simulated."""

import subprocess
import sys

import pytest

WITHOUT_AFFINITY = """
import os, platform, sys
del os.sched_getaffinity
platform.system = lambda: "Darwin"
from zcnas.organiser.cli.main import main
main()
"""
PREDICTOR = "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None): return 1.0\n"


@pytest.fixture
def zcnas_on_macos(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "predictor.py").write_text(PREDICTOR)

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-c", WITHOUT_AFFINITY, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("command", ["check", "submission"])
def test_checking_and_zipping_work_on_any_system(zcnas_on_macos, command):
    done = zcnas_on_macos(command, "mine")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("options", [("dry-run",), ("dry-run", "--quick"), ("score",), ("smoke",)])
def test_running_a_submission_is_refused_in_words(zcnas_on_macos, options):
    done = zcnas_on_macos(*options, "mine")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "submissions run on Linux only; Darwin pins, limits and confines no" in done.stderr
    assert "`zcnas check` and `zcnas submission` work" in done.stderr

"""The systemd unit that the documentation offers."""

import os
import shutil
import subprocess
import sys

import pytest


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_finds_no_fault_with_the_unit(repository, tmp_path):
    text = (repository / "docs" / "serving" / "zcnas-serve.service").read_text()
    program = os.path.realpath(sys.executable)
    unit = tmp_path / "zcnas-serve.service"
    unit.write_text(text.replace("/srv/zcnas/venv/bin/zcnas", program))
    assert program in unit.read_text()
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (0, "")
    unit.write_text(unit.read_text().replace("KillMode=", "KillMood="))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    assert "KillMood" in done.stderr, "it would find one"

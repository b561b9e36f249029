"""`zcnas forge new` killed in the middle of its real trainings, and repeated."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from zcnas.forge.trainings import Training
from zcnas.jobs.lines import read_lines

LINES = "trainings-1-of-1.jsonl"
COMMAND = (
    sys.executable, "-c", "from zcnas.organiser.cli.main import app; app()", "forge", "new", "a",
    "--architectures", "4", "--steps", "2", "--part", "1/1", "--to",
)  # fmt: skip


@pytest.mark.slow
def test_a_forge_that_was_killed_resumes_to_the_numbers_of_one_that_was_not(tmp_path):
    killed, whole = (tmp_path / name for name in ("killed", "whole"))
    folder = killed / "forged" / "a"
    with subprocess.Popen([*COMMAND, killed]) as process:
        deadline = time.monotonic() + 300
        while not (folder / LINES).is_file() or not (folder / LINES).read_bytes():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    assert len((folder / LINES).read_bytes().splitlines()) < 8
    (whole / "forged" / "a").mkdir(parents=True)
    shutil.copy(folder / "forge.json", whole / "forged" / "a")
    found = []
    for root in (killed, whole):
        subprocess.run([*COMMAND, root], check=True)
        trainings = read_lines(root / "forged" / "a" / LINES, Training)
        found.append({each.unit: (each.accuracy, each.loss) for each in trainings})
    assert len(found[0]) == 8
    assert found[0] == found[1]

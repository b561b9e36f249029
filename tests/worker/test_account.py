"""A worker started as root becomes a user of its own, and says so or says why not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
ROOT = Path(__file__).parents[2]
USER = 61007
CODE = """
import os, sys
from pathlib import Path
from zcnas.worker.account import take_account
folder, scratch = map(Path, sys.argv[1:])
print(take_account(61007, [folder], scratch))
print(os.getresuid(), os.getresgid(), os.getgroups())
(scratch / 'mine').write_text('x')
"""


def interpreter():
    """Return a Python that another user can run."""
    for path in (sys.executable, "/usr/bin/python3"):
        try:
            subprocess.run([path, "-c", ""], user=USER, group=USER, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return path
    pytest.skip("no Python here that another user can run")


@pytest.fixture
def folders(tmp_path):
    for folder in list(tmp_path.parents)[:-2]:
        folder.chmod(0o755)
    tmp_path.chmod(0o755)
    for name in ("submission", "scratch"):
        (tmp_path / name).mkdir(mode=0o700)
        (tmp_path / name).chmod(0o755 if name == "submission" else 0o700)
    (tmp_path / "submission" / "predictor.py").write_text("")
    return tmp_path / "submission", tmp_path / "scratch"


def run(folders):
    done = subprocess.run(
        [interpreter(), "-c", CODE, *folders],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(ROOT / "src")},
        check=True,
    )
    return done.stdout.splitlines()


def test_it_has_one_user_no_groups_and_owns_its_scratch_folder(folders):
    assert run(folders) == [f"user {USER}", f"{(USER,) * 3} {(USER,) * 3} []"]
    assert (folders[1] / "mine").stat().st_uid == USER


def test_a_submission_it_cannot_read_leaves_it_root_and_is_named(folders):
    (folders[0] / "predictor.py").chmod(0o600)
    said, ids = run(folders)
    assert said == f"user 0 (user {USER} cannot read program and submission)"
    assert ids.startswith("(0, 0, 0)")


def test_a_folder_above_that_it_cannot_enter_is_noticed(folders):
    folders[0].parent.chmod(0o700)
    said, _ = run(folders)
    assert said == f"user 0 (user {USER} cannot read program and submission)"

"""Every third attack in a sandbox made by a user without rights: no group, no engine, no root."""

import os
import shutil
import sys

import pytest

from tests.plain_user import run_as_plain_user
from zcnas.organiser.attack_table.rows import ATTACKS

THIRD = sorted(ATTACKS)[::3]
CLAIMS = ("own_outcome", "same_scores", "host_is_as_before", "reached_the_listener", "secret_is_in")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_plain_users_sandbox_holds_a_third_of_the_attacks(tmp_path):
    if shutil.which("bwrap") is None:
        pytest.skip("no bubblewrap here; apt-get install bubblewrap")
    done = run_as_plain_user(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", ""),
            *("tests/hostile/test_attacks.py", "-k", f"bubblewrap and ({' or '.join(CLAIMS)})"),
        ],
        tmp_path / "home",
        ZCNAS_ATTACKS=",".join(THIRD),
        ZCNAS_LOCKS="",
        PYTEST_ADDOPTS="",
        CI="",
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert f"{len(THIRD) + len(CLAIMS) - 1} passed" in done.stdout, done.stdout[-2000:]

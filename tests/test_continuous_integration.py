"""What continuous integration demands: nothing may be missing, and what is skipped says why."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.container
def test_of_an_engine(engine): pass

@pytest.mark.browser
def test_of_a_browser(browser): pass

@pytest.mark.real_table
def test_of_a_table(data_folder): pass
"""
WITHOUT_ANY = {"DOCKER_HOST": "unix:///nowhere/docker.sock", "PATH": "/nowhere"}


@pytest.fixture
def outcomes(tmp_path, repository):
    """A function that runs three tests where nothing is here, and returns pytest's last lines."""
    shutil.copyfile(Path(__file__).with_name("conftest.py"), tmp_path / "conftest.py")
    (tmp_path / "test_parts.py").write_text(TESTS)
    settings = repository / "pyproject.toml"
    command = [sys.executable, "-m", "pytest", "-c", settings, "--rootdir", tmp_path, tmp_path]
    inherited = {k: v for k, v in os.environ.items() if k not in ("CI", "ZCNAS_DATA")}

    def run(**environment):
        done = subprocess.run(
            command,
            env={**inherited, **WITHOUT_ANY, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout[done.stdout.index("short test summary") :]

    return run


def test_elsewhere_what_is_missing_is_skipped_and_says_why(outcomes):
    said = outcomes()
    assert "3 skipped" in said
    for reason in ("no Docker engine answers", "no chromium here", "ZCNAS_DATA is not set"):
        assert reason in said


def test_in_ci_a_missing_engine_browser_or_named_table_is_a_failure(outcomes):
    said = outcomes(CI="true", ZCNAS_DATA="/nowhere/tables")
    assert "3 errors" in said
    for name in ("an_engine", "a_browser", "a_table"):
        assert f"test_parts.py::test_of_{name} - Failed: skipped in CI" in said
    assert "ZCNAS_DATA names /nowhere/tables, which is not a folder" in said


def test_in_ci_tables_may_be_missing_where_none_are_named(outcomes):
    said = outcomes(CI="true")
    assert "1 skipped, 2 errors" in said
    assert "ZCNAS_DATA is not set" in said

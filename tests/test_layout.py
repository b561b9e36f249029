"""The architecture as rules: what ships where, and who imports torch."""

import subprocess
import sys
from pathlib import Path

import pytest

from zcnas.isolation.program import stage_worker
from zcnas.words.wings import PACKAGE, WINGS

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = sorted(PACKAGE.rglob("*.py"))
PROGRAMS = sorted(
    path
    for name in ("ingestion_program", "scoring_program")
    for path in (ROOT / name).rglob("*.py")
)


def test_every_room_stands_in_exactly_one_wing():
    listed = [room for wing in WINGS.values() for room in wing.rooms]
    there = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")
    }
    assert sorted(listed) == sorted(there - {"__init__"} | {"jobs"})


@pytest.mark.parametrize(
    "statement",
    [
        "import zcnas.search_spaces",
        "import zcnas.judging.score",
        "import zcnas.organiser.competition",
        "import zcnas.organiser.cli.main",
        "import zcnas.datasets, zcnas.tables, zcnas.organiser.draw",
    ],
)
def test_torch_is_imported_by_the_worker_alone(statement):
    code = f"{statement}; import sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_is_shipped_to_submissions_knows_no_accuracy(tmp_path):
    program = stage_worker(tmp_path / "program")
    for path in program.rglob("*"):
        assert path.is_dir() or path.suffix in (".py", ".pyc", ".typed"), path
        assert "tables" not in path.parts
        assert "reference_data" not in path.parts


def test_the_shipped_program_runs_without_the_checkout(tmp_path):
    program = stage_worker(tmp_path / "program")
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]; import worker, zcnas, naslib\n"
        "assert zcnas.__file__.startswith(sys.argv[1]), zcnas.__file__"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(program)], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_no_python_file_is_longer_than_400_lines():
    for path in LIBRARY + PROGRAMS:
        assert len(path.read_text().splitlines()) <= 400, path.name

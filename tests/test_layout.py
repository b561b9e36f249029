"""The architecture as rules: which way imports point, and what ships where."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from zcnas.isolation.program import stage_worker

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = sorted((ROOT / "zcnas").rglob("*.py"))
PROGRAMS = sorted(
    path
    for name in ("ingestion_program", "scoring_program")
    for path in (ROOT / name).rglob("*.py")
)
# Runs the programs, so it may import them; nothing else in the library does.
FRONT_DOOR = {
    "zcnas/cli.py",
    "zcnas/terminal.py",
    "zcnas/audit/replay.py",
    "zcnas/doctor/engine.py",
    "zcnas/doctor/checks.py",
    *(
        f"zcnas/{package}/{path.name}"
        for package in ("commands", "competition")
        for path in (ROOT / "zcnas" / package).glob("*.py")
    ),
}
# The bottom of the library: values and files, imported by everything.
BOTTOM = {"zcnas/errors.py", "zcnas/seeds.py", "zcnas/records.py", "zcnas/benchmarks.py"}


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_library_imports_no_program():
    for path in LIBRARY:
        if name_of(path) not in FRONT_DOOR:
            bad = {
                n
                for n in imports_of(path)
                if n.startswith(("ingestion_program", "scoring_program"))
            }
            assert not bad, f"{name_of(path)} imports {bad}"


def test_nothing_but_the_front_door_is_imported_by_the_front_door_alone():
    for path in LIBRARY + PROGRAMS:
        if name_of(path) not in FRONT_DOOR:
            bad = {
                n
                for n in imports_of(path)
                if n.startswith(
                    ("zcnas.cli", "zcnas.commands", "zcnas.terminal", "zcnas.competition")
                )
            }
            assert not bad, f"{name_of(path)} imports {bad}"


def test_the_bottom_imports_only_the_bottom():
    allowed = {name.removesuffix(".py").replace("/", ".") for name in BOTTOM}
    for name in BOTTOM:
        ours = {n for n in imports_of(ROOT / name) if n.startswith("zcnas")}
        assert ours <= allowed, f"{name} imports {ours - allowed}"


@pytest.mark.parametrize(
    "statement",
    [
        "import zcnas.search_spaces",
        "import scoring_program.scoring",
        "import zcnas.competition",
        "import zcnas.cli",
        "import zcnas.datasets, zcnas.tables, zcnas.sampling",
    ],
)
def test_torch_is_imported_by_the_worker_alone(statement):
    code = f"{statement}; import sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_ingestion_cannot_reach_accuracies():
    for path in (ROOT / "ingestion_program").rglob("*.py"):
        assert not {
            n for n in imports_of(path) if "tables" in n or "metrics" in n or "sampling" in n
        }
        assert "read_reference" not in path.read_text()


def test_what_is_shipped_to_submissions_knows_no_accuracy(tmp_path):
    program = stage_worker(tmp_path / "program")
    for path in program.rglob("*"):
        assert path.is_dir() or path.suffix in (".py", ".typed"), path
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
        assert len(path.read_text().splitlines()) <= 400, name_of(path)

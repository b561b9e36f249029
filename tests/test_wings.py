"""The table of wings as `make check` enforces it, on copies with one import too many."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from zcnas.words.wings import PACKAGE, WINGS, shipped_rooms

ROOT = Path(__file__).resolve().parents[1]
RECORDER = "src/zcnas/ingestion/recorder.py"
WORKER = "ingestion_program/worker.py"
SCORING = "scoring_program/scoring.py"


@pytest.fixture
def copy(tmp_path):
    """The library, the programs and the contract, without the rest of the checkout."""
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("src", "ingestion_program", "scoring_program"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    (tmp_path / "tests").mkdir()
    shutil.copyfile(ROOT / "tests/wings_contract.py", tmp_path / "tests/wings_contract.py")
    shutil.copyfile(ROOT / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def lint(folder):
    """Run import-linter in a folder; return its exit status and what it printed."""
    code = "import sys, importlinter.cli as c; sys.exit(c.lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_checkout_keeps_the_table(copy):
    status, printed = lint(copy)
    assert status == 0, printed
    assert "1 kept, 0 broken" in printed


@pytest.mark.parametrize(
    ("file", "statement", "chain"),
    [
        (RECORDER, "from zcnas import judging, tables", "recorder -> zcnas.tables"),
        (RECORDER, "from zcnas import judging, tables", "recorder -> zcnas.judging"),
        (RECORDER, "from zcnas.judging import metrics", "recorder -> zcnas.judging.metrics"),
        (RECORDER, "def f():\n    from zcnas.judging import metrics", "-> zcnas.judging.metrics"),
        (RECORDER, "from .. import tables", "recorder -> zcnas.tables"),
        (RECORDER, "from zcnas import kendall_tau", "recorder -> zcnas "),
        (RECORDER, "import ingestion_program.ingestion", "-> ingestion_program.ingestion"),
        (WORKER, "from zcnas import judging, tables", "worker -> zcnas.tables"),
        (WORKER, "from zcnas.judging import metrics", "worker -> zcnas.judging.metrics"),
        (WORKER, "from zcnas import datasets", "worker -> zcnas.datasets"),
        (WORKER, "import ingestion_program.ingestion", "-> ingestion_program.ingestion"),
        ("ingestion_program/naslib/__init__.py", "import zcnas.hosted", "naslib -> zcnas.hosted"),
        ("ingestion_program/ingestion.py", "import zcnas.pages", "ingestion -> zcnas.pages"),
        (SCORING, "from zcnas.search_spaces import parse_spec", "scoring -> zcnas.search_spaces"),
        (SCORING, "import zcnas.organiser.cli.main", "scoring -> zcnas.organiser.cli.main"),
        ("src/zcnas/organiser/draw.py", "import scoring_program.scoring", "-> scoring_program"),
        ("src/zcnas/another_room.py", "", "zcnas.another_room stands in no wing"),
    ],
)
def test_an_import_the_table_forbids_fails_the_check(copy, file, statement, chain):
    with (copy / file).open("a") as source:
        source.write(f"\n{statement}\n")
    status, printed = lint(copy)
    assert status == 1
    assert chain in printed


@pytest.mark.parametrize(
    ("importer", "chain"),
    [
        ("zcnas.words", ("zcnas.words.seeds -> zcnas.tables",)),
        ("zcnas.ingestion", ("-> zcnas.words.seeds", "zcnas.words.seeds -> zcnas.tables")),
        ("ingestion_program", ("zcnas.words.seeds -> zcnas.tables",)),
        ("zcnas.judging", ("-> zcnas.words.seeds", "zcnas.words.seeds -> zcnas.tables")),
    ],
)
def test_a_forbidden_import_through_a_room_of_words_fails_all_who_use_it(copy, importer, chain):
    with (copy / "src/zcnas/words/seeds.py").open("a") as source:
        source.write("\ndef load():\n    from zcnas.tables import load_table\n")
    status, printed = lint(copy)
    assert status == 1
    _, found, steps = printed.partition(f"{importer} may not import zcnas.tables")
    assert found
    assert all(step in steps.split("\n\n")[0] for step in chain)


def test_no_program_holds_a_reader_of_tables_and_whatever_a_shipped_room_may_import_is_shipped():
    for program in ("worker", "ingestion", "scoring"):
        assert not {"tables", "organiser", "jobs"} & set(shipped_rooms(program))
    assert not {"judging", "pages"} & {*shipped_rooms("worker"), *shipped_rooms("ingestion")}
    for wing in WINGS.values():
        for program in wing.shipped_to:
            assert set(wing.may_import) <= set(shipped_rooms(program)), wing


def test_no_module_of_the_library_imports_by_a_computed_name():
    """Ruff bans ``importlib.import_module``; it cannot see the built-in function."""
    for path in PACKAGE.rglob("*.py"):
        names = {node.id for node in ast.walk(ast.parse(path.read_text())) if hasattr(node, "id")}
        assert "__import__" not in names, path

"""The programs of a bundle and the starting kit: all they need, and nothing they must not hold."""

import ast
import sys
from pathlib import Path

import pytest

from zcnas.organiser.platforms.bundle.programs import (
    ingestion_program,
    scoring_program,
    starting_kit,
)

ROOT = Path(__file__).resolve().parents[4]
IMAGE_PACKAGES = {
    line.split("==")[0].lower()
    for line in (ROOT / "docker" / "requirements.txt").read_text().split()
}


@pytest.mark.parametrize(
    ("collect", "entries"),
    [
        (ingestion_program, ("ingestion.py", "worker.py")),
        (scoring_program, ("scoring.py",)),
    ],
)
def test_a_program_holds_every_module_it_imports_and_its_packages_are_in_the_image(
    collect, entries
):
    files = collect()
    seen, waiting, foreign = set(), list(entries), set()
    while waiting:
        name = waiting.pop()
        if name in seen or name == "zcnas/__init__.py":  # its lazy names say what is not shipped
            continue
        assert name in files, f"{name} is imported and not shipped"
        seen.add(name)
        for module in imported(ast.walk(ast.parse(files[name]))):
            top = module.split(".")[0]
            candidates = [
                f"{module.replace('.', '/')}.py",
                f"{module.replace('.', '/')}/__init__.py",
            ]
            found = [
                path
                for path in candidates
                if path in files or any((ROOT / base / path).is_file() for base in ("", "src"))
            ]
            if found:
                waiting += found
            elif top not in sys.stdlib_module_names and top not in (
                *("zcnas", "naslib", "ingestion_program", "scoring_program"),
            ):
                foreign.add(top)
    aliases = {"PIL": "pillow", "markupsafe": "jinja2", "yaml": "pyyaml"}
    assert {aliases.get(name, name) for name in foreign} <= IMAGE_PACKAGES


def imported(nodes):
    """Yield the modules that import statements among ``nodes`` of a syntax tree name."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_program_holds_a_reader_of_accuracy_tables_and_scoring_no_torch():
    for files in (ingestion_program(), scoring_program()):
        assert not [name for name in files if "tables" in name or "sampling" in name]
    assert not [name for name in ingestion_program() if "metrics" in name or "outcomes" in name]
    for name, content in scoring_program().items():
        if name.endswith(".py"):
            assert "torch" not in set(imported(ast.parse(content).body)), name


def test_the_starting_kit_is_one_folder_and_brings_the_package():
    names = starting_kit()
    assert {name.partition("/")[0] for name in names} == {"starting_kit"}
    assert {"starting_kit/predictor.py", "starting_kit/README.md"} <= set(names)
    assert [name for name in names if name.endswith("-py3-none-any.whl")]
    assert not [name for name in names if "reference_data" in name or "Makefile" in name]

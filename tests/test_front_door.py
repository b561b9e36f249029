"""What ``import zcnas`` offers, and what it costs."""

import ast
import importlib
import subprocess
import sys

import pytest

import zcnas
from zcnas.words.wings import PACKAGE, shipped_files

HOMES = zcnas._HOMES


def run(code, folder=None):
    """Run code in a new interpreter, which finds the package in ``folder`` if given."""
    path = [] if folder is None else [f"import sys; sys.path.insert(0, {str(folder)!r})"]
    return subprocess.run(
        [sys.executable, "-c", "\n".join([*path, code])],
        capture_output=True,
        text=True,
        check=False,
    )


def test_importing_zcnas_imports_no_dependency():
    code = "import sys; before = set(sys.modules); import zcnas; print(*set(sys.modules) - before)"
    loaded = {name.partition(".")[0] for name in run(code).stdout.split()}
    assert "zcnas" in loaded
    assert loaded - {"zcnas"} <= set(sys.stdlib_module_names)


def test_the_commands_are_listed_without_a_package_for_numbers():
    code = "import sys; import zcnas.organiser.cli.main; print(*sys.modules)"
    loaded = {name.partition(".")[0] for name in run(code).stdout.split()}
    assert not loaded & {"numpy", "scipy", "pandas", "torch", "matplotlib"}


@pytest.mark.parametrize("name", HOMES)
def test_a_name_is_the_object_of_the_module_that_owns_it(name):
    assert getattr(zcnas, name) is getattr(importlib.import_module(HOMES[name]), name)


def test_type_checkers_and_editors_are_told_of_the_same_names():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    told = {
        alias.name: node.module
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told == HOMES
    assert set(HOMES) <= set(dir(zcnas))


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(AttributeError, match="no attribute 'evalute'; its names: .*evaluate"):
        zcnas.evalute  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'evalute'"):
        from zcnas import evalute  # noqa: F401


@pytest.fixture
def scoring(tmp_path):
    """The library as the scoring program holds it."""
    for name, source in shipped_files("scoring"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(source.read_bytes())
    return tmp_path


@pytest.mark.parametrize("statement", ["zcnas.load_table", "from zcnas import load_table"])
def test_in_a_program_a_name_that_is_not_shipped_says_so(scoring, statement):
    done = run(f"import zcnas; {statement}", scoring)
    assert "ImportError: zcnas.load_table is not part of this program" in done.stderr


def test_in_a_program_a_name_that_is_shipped_works(scoring):
    code = (
        "import zcnas; print(zcnas.kendall_tau([1.0, 2.0, 3.0], [1.0, 3.0, 2.0]), zcnas.__file__)"
    )
    done = run(code, scoring)
    tau, where = done.stdout.split()
    assert float(tau) == pytest.approx(1 / 3)
    assert where.startswith(str(scoring))

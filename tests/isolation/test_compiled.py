"""The worker's program is staged compiled: what Python runs, and what the digests say."""

import shutil
import subprocess
import sys

from zcnas.isolation.compiled import compile_staged, digest_of_compiled
from zcnas.submissions import digest_of

CODE = "import sys; sys.path.insert(0, sys.argv[1]); import one; print(one.value(), one.__file__)"
SOURCE = "def value():\n    return 1, value.__code__.co_filename\n"


def said_by(folder):
    return subprocess.run(
        [sys.executable, "-B", "-c", CODE, str(folder)], capture_output=True, text=True, check=True
    ).stdout


def staged(tmp_path):
    (tmp_path / "origin").mkdir()
    (tmp_path / "staged").mkdir()
    (tmp_path / "origin" / "one.py").write_text(SOURCE)
    target = tmp_path / "staged" / "one.py"
    shutil.copyfile(tmp_path / "origin" / "one.py", target)
    compile_staged(target, tmp_path / "origin" / "one.py")
    return target


def test_python_runs_the_compiled_file_under_the_staged_modules_name(tmp_path):
    target = staged(tmp_path)
    target.write_text(SOURCE.replace("1", "2"))  # not compiled again: that shows which is read
    assert said_by(target.parent) == f"(1, '{target}') {target}\n"


def test_compiling_leaves_the_digest_of_the_sources_and_has_its_own(tmp_path):
    target = staged(tmp_path)
    before, compiled = digest_of(target.parent), digest_of_compiled(target.parent)
    shutil.rmtree(target.parent / "__pycache__")
    assert digest_of(target.parent) == before
    assert digest_of_compiled(target.parent) != compiled


def test_every_module_that_a_worker_imports_is_compiled(program):
    modules = {path.relative_to(program) for path in program.glob("*/**/*.py")}
    compiled = {
        (path.parents[1] / f"{path.name.split('.')[0]}.py").relative_to(program)
        for path in program.rglob("*.pyc")
    }
    assert compiled == modules

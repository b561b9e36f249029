"""What is accepted and worth a line: names that mean another module, helpers nobody can read."""

import pytest

from zcnas.submissions import open_submission, packed_files
from zcnas.submissions.reading import Contents
from zcnas.submissions.remarks import remarks_of
from zcnas.words.resources import package_file

QUERY = "class ZeroCostPredictor:\n    def query(self, graph): return 1\n"


def remarks(**files):
    named = {f"{name}.py".replace("__", "/"): text.encode() for name, text in files.items()}
    return remarks_of(Contents(named))


@pytest.mark.parametrize(
    ("helper", "statement", "whose"),
    [
        ("queue", "import queue", "the standard library's module"),
        ("random", "from random import choice", "the standard library's module"),
        ("statistics", "import os, statistics as s", "the standard library's module"),
        ("torch", "import torch", "a package of the image"),
        ("sympy", "from sympy.core import add", "a package of the image"),
        ("worker", "import worker", "a module of the program"),
        ("zcnas", "from zcnas.proxies import nwot", "a module of the program"),
    ],
)
def test_a_helper_that_is_imported_by_a_name_taken_by_another_module_is_named(
    helper, statement, whose
):
    (said,) = remarks(predictor=f"# mine\n{statement}\n{QUERY}", **{helper: "x = 1\n"})
    assert said.startswith(f"{helper}.py cannot be imported under this name: 'import {helper}'")
    assert "(predictor.py, line 2)" in said
    assert whose in said


def test_a_package_is_named_as_a_module_is_and_an_import_inside_a_function_counts():
    source = "class ZeroCostPredictor:\n    def query(self, graph):\n        import queue.parts\n"
    (said,) = remarks(predictor=source, queue__parts="")
    assert said.startswith("queue/ cannot be imported under this name")


def test_names_that_are_free_or_not_imported_or_relative_need_no_remark():
    assert remarks(predictor=f"import utils, models.a\n{QUERY}", utils="", models__a="") == []
    assert remarks(predictor=QUERY, queue="") == []
    assert remarks(predictor=f"import queue\n{QUERY}", parts__queue="") == []
    assert remarks(predictor="from parts import a\n", parts__a="from . import queue\n") == []


def test_a_helper_in_another_encoding_is_named_and_not_refused(tmp_path):
    (tmp_path / "predictor.py").write_text(QUERY)
    (tmp_path / "helper.py").write_bytes("x = 1\n".encode("utf-16"))
    opened = open_submission(tmp_path, tmp_path / "opened")
    assert opened.remarks == (
        "a module that cannot be imported: helper.py is UTF-16; save it as UTF-8",
    )


def test_the_kits_own_files_are_no_part_of_a_submission(tmp_path):
    kit = package_file("starting_kit")
    assert packed_files(kit).keys() == {"predictor.py", "metadata"}
    (said,) = open_submission(kit, tmp_path / "opened").remarks
    assert {"README.md", "few_labels/", "input_data/", "submissions/"} <= set(named(said))


def test_what_tools_left_in_the_kits_folders_is_not_named_apart(tmp_path):
    compiled = tmp_path / "kit" / "submissions" / "nwot" / "__pycache__" / "predictor.pyc"
    compiled.parent.mkdir(parents=True)
    compiled.touch()
    (compiled.parents[1] / "predictor.py").write_text(QUERY)
    (tmp_path / "kit" / "predictor.py").write_text(QUERY)
    (tmp_path / "kit" / "submissions" / "submissions.csv").touch()
    (said,) = open_submission(tmp_path / "kit", tmp_path / "opened").remarks
    assert named(said) == ["submissions/"]


def named(remark):
    """Return what a remark says is left out."""
    return remark.partition(": ")[2].split(", ")


def test_a_sample_of_the_kit_that_is_imported_stays(tmp_path):
    for name, text in {
        "predictor.py": f"from submissions.nwot.predictor import ZeroCostPredictor as N\n{QUERY}",
        "submissions/nwot/predictor.py": QUERY,
        "submissions/submissions.csv": "name\n",
        "input_data/a.json": "{}",
    }.items():
        (tmp_path / "kit" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "kit" / name).write_text(text)
    assert "submissions/nwot/predictor.py" in packed_files(tmp_path / "kit")
    assert "input_data/a.json" not in packed_files(tmp_path / "kit")


def test_a_folder_of_ones_own_that_is_called_as_one_of_the_kits_stays(tmp_path):
    for name in ("predictor.py", "submissions/first.txt", "input_data/weights.npy", "README.md"):
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_text(QUERY)
    assert len(packed_files(tmp_path / "mine")) == 5

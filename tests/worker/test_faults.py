"""What a participant is told of an exception names their own line, then the library's."""

import importlib.util

import pytest

from zcnas.worker.faults import describe


def raised_by(tmp_path, source, helper="def deep(): raise KeyError('x')\n"):
    (tmp_path / "helper_of_faults.py").write_text(helper)
    path = tmp_path / "predictor.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("predictor_of_faults", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(Exception) as caught:
        module.query()
    return describe(caught.value, tmp_path)


def test_an_own_exception_names_its_line(tmp_path):
    said = raised_by(tmp_path, "def query():\n    raise ValueError('no')\n")
    assert said == "ValueError: no (predictor.py, line 2)"


def test_an_exception_of_a_library_names_the_own_line_first(tmp_path):
    said = raised_by(tmp_path, "import json\ndef query():\n\n    json.loads('{')\n")
    own, _, library = said.partition("; raised in ")
    assert own.endswith("(predictor.py, line 4")
    assert library.startswith("json/decoder.py, line ")


def test_the_last_own_frame_counts_not_the_first(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    said = raised_by(tmp_path, "import helper_of_faults as h\ndef query():\n    h.deep()\n")
    assert said == "KeyError: 'x' (helper_of_faults.py, line 1)"


def test_an_exception_whose_text_raises_is_told_all_the_same(tmp_path):
    source = (
        "class Nasty(Exception):\n    def __str__(self): raise OSError\n"
        "def query():\n    raise Nasty\n"
    )
    assert raised_by(tmp_path, source).startswith("Nasty: (its text is unavailable)")

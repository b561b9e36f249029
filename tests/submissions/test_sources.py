"""Source files in every encoding that an editor or a shell may choose."""

import codecs

import pytest

from zcnas.errors import InvalidSubmission
from zcnas.submissions import open_submission
from zcnas.submissions.sources import SourceError, parse_source

SOURCE = "# Größe\nclass ZeroCostPredictor:\n    def query(self, graph): return 1\n"


def refusal(tmp_path, source):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "predictor.py").write_bytes(source)
    with pytest.raises(InvalidSubmission) as caught:
        open_submission(tmp_path / "mine", tmp_path / "never")
    (problem,) = caught.value.problems
    assert "None" not in problem
    assert "line 0" not in problem
    return problem


@pytest.mark.parametrize(
    ("encoding", "called"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-32-le", "UTF-32"),
        ("utf-32-be", "UTF-32"),
    ],
)
def test_wide_encodings_are_named_with_or_without_a_mark(tmp_path, encoding, called):
    said = refusal(tmp_path, SOURCE.encode(encoding))
    assert said == f"predictor.py is {called}; save it as UTF-8"


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_byte_order_mark_of_utf16_is_enough(tmp_path, mark):
    encoding = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    assert "is UTF-16" in refusal(tmp_path, mark + SOURCE.encode(encoding))


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp1251", "gbk", "shift_jis"])
def test_another_encoding_is_read_if_it_is_declared_and_refused_with_the_line_if_not(
    tmp_path, encoding
):
    word = {"cp1251": "Размер", "gbk": "大小", "shift_jis": "大きさ"}.get(encoding, "Größe")
    source = SOURCE.replace("Größe", f"a\n# {word}").encode(encoding)
    declared = f"# -*- coding: {encoding} -*-\n".encode() + source
    assert parse_source("predictor.py", declared)
    said = refusal(tmp_path, source)
    assert "predictor.py, line 2 is not UTF-8 (byte 0x" in said
    assert said.endswith("save it as UTF-8")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_line_ends_and_the_mark_of_utf8_change_nothing(newline, mark):
    tree = parse_source("predictor.py", mark + SOURCE.replace("\n", newline).encode())
    assert [(node.name, node.lineno) for node in tree.body] == [("ZeroCostPredictor", 2)]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (b"a = 1\nb = '\0'\n", "predictor.py, line 2 is not valid Python: it contains a NUL byte"),
        (b"# coding: punycode\n" + SOURCE.encode(), "declares the encoding 'punycode'"),
        (b"# coding: klingon\n" + SOURCE.encode(), "declares the encoding 'klingon'"),
        (b"\n# coding: utf_7\n" + SOURCE.encode(), "declares the encoding 'utf_7'"),
        (b"# coding: rot13\n" + SOURCE.encode(), "which is not read; save it as UTF-8"),
        (
            codecs.BOM_UTF8 + b"# coding: latin-1\n" + SOURCE.encode(),
            "declares latin-1 and begins with UTF-8's byte order mark",
        ),
        (b"a = 1\nb = (\n", "predictor.py, line 2 is not valid Python: '(' was never closed"),
        (SOURCE.encode() + b"\x1a", "line 4 is not valid Python: invalid non-printable character"),
        ("a\xa0= 1".encode(), "line 1 is not valid Python: invalid non-printable"),
        (b"%matplotlib inline", "line 1 is not valid Python: it is a notebook's command"),
        (b"a = 1\n!pip install timm", "line 2 is not valid Python: it is a notebook's command"),
        (b"print 'hello'", "line 1 is not valid Python: Missing parentheses"),
    ],
)
def test_what_is_no_source_is_refused_with_its_line_where_it_has_one(tmp_path, source, problem):
    assert problem in refusal(tmp_path, source)


def test_a_declaration_below_the_second_line_declares_nothing():
    assert parse_source("a.py", b"a = 1\n\n# coding: klingon\n")
    assert parse_source("a.py", b"a = 1\n# coding: klingon\n"), "and none behind a statement"
    with pytest.raises(SourceError, match="klingon"):
        parse_source("a.py", b"#!/usr/bin/python\n# vim: set fileencoding=klingon :\n")

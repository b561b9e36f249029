"""A file of lines keeps what was written, whatever ends the process or fills the disk."""

import os

import msgspec
import pytest

from zcnas.errors import OrganiserError, ResultsError
from zcnas.jobs import LinesFile
from zcnas.jobs.lines import read_lines


class Row(msgspec.Struct):
    """One record."""

    name: str
    value: int


def opened(path):
    return LinesFile(path, lambda row: row.name, lambda at: read_lines(at, Row))


def test_a_record_is_on_disk_when_append_returns_and_counted_once(tmp_path):
    file = opened(tmp_path / "deep" / "rows.jsonl")
    assert file.append(Row("a", 1))
    assert (tmp_path / "deep" / "rows.jsonl").read_text() == '{"name":"a","value":1}\n'
    assert not file.append(Row("a", 2))
    assert ("a" in file, "b" in file, len(file)) == (True, False, 1)


def test_a_torn_last_line_is_cut_off_when_the_file_is_opened(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"name":"a","value":1}\n{"name":"b","va')
    file = opened(path)
    assert file.take_earlier() == [Row("a", 1)]
    assert file.append(Row("b", 2))
    file.close()
    assert read_lines(path, Row) == [Row("a", 1), Row("b", 2)]


def test_a_malformed_line_before_the_last_is_told_and_not_overwritten(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"name":"a"}\n{"name":"b","value":2}\n')
    with pytest.raises(ResultsError, match="rows.jsonl is malformed"):
        opened(path)
    assert path.read_text().startswith('{"name":"a"}\n')


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    file = opened(tmp_path / "rows.jsonl")
    assert file.append(Row("first", 1))
    before, write = file.path.read_bytes(), os.write

    def full(descriptor, content):
        if len(content) > 10:
            return write(descriptor, content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.write", full)
    with pytest.raises(OrganiserError, match="No space left on device; make room"):
        file.append(Row("second", 2))
    assert file.path.read_bytes() == before
    monkeypatch.undo()
    assert file.append(Row("second", 2)), "it was not counted as done"


def test_rewriting_replaces_the_records_and_later_lines_follow(tmp_path):
    file = opened(tmp_path / "rows.jsonl")
    for name in "cab":
        file.append(Row(name, ord(name)))
    file.rewrite(lambda rows: sorted(rows, key=lambda row: row.name)[:2])
    assert list(file) == ["a", "b"]
    assert file.append(Row("c", 0))
    file.close()
    assert [row.name for row in read_lines(file.path, Row)] == ["a", "b", "c"]
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]

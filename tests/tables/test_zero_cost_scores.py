"""Our own table of proxy scores."""

from __future__ import annotations

import json
import math
import random

import pytest

from zcnas.benchmarks import BENCHMARKS
from zcnas.errors import TableError
from zcnas.proxies import PROXIES
from zcnas.search_spaces import parse_spec
from zcnas.tables import zero_cost_scores as table

ROWS = {"a": {"seconds": 0.5, "snip": 1 / 3}, "b": {"seconds": 0.25, "snip": -math.inf}}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    table.write_scores({"toy": ROWS}, {"toy": {"batch_size": 64}}, "1.0", tmp_path)
    monkeypatch.setattr(table, "FOLDER", tmp_path)
    monkeypatch.setattr(table, "_LOADED", {})
    return tmp_path


def test_what_was_written_is_found_again_to_seven_digits(folder):
    assert table.query("toy", "a", "snip") == pytest.approx(1 / 3, rel=5e-7)
    assert table.query("toy", "b", "snip") == -math.inf
    assert table.query("toy", "b", "seconds") == 0.25
    assert table.read_index()["benchmarks"]["toy"]["batch_size"] == 64


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("other", "a", "snip"), "does not cover 'other'; it covers toy"),
        (("toy", "c", "snip"), "does not contain 'c'; it has 2 others, such as 'a'"),
        (("toy", "a", "snap"), "unknown proxy 'snap'; columns of toy: seconds, snip"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(folder, asked, message):
    with pytest.raises(TableError, match=message):
        table.query(*asked)


def test_a_changed_file_is_refused(folder):
    path = folder / "toy.csv"
    path.write_text(path.read_text().replace("0.5", "0.6"))
    with pytest.raises(TableError, match="is not the one that index.json describes"):
        table.query("toy", "a", "snip")


def test_a_missing_or_foreign_index_is_refused(folder):
    (folder / "index.json").write_text(json.dumps({"schema_version": 9, "benchmarks": {}}))
    with pytest.raises(TableError, match="has schema version 9, but this program reads version 1"):
        table.query("toy", "a", "snip")
    (folder / "index.json").unlink()
    with pytest.raises(TableError, match="cannot be read"):
        table.query("toy", "a", "snip")


def test_the_table_of_the_repository_is_whole_and_small():
    index = table.read_index()
    for benchmark, entry in index["benchmarks"].items():
        rows = table.read_scores(benchmark)
        assert len(rows) == entry["architectures"]
        architecture = random.Random(0).choice(sorted(rows))
        assert str(parse_spec(BENCHMARKS[benchmark].search_space, architecture)) == architecture
        assert {"seconds"} < set(rows[architecture]) <= {"seconds", *PROXIES}
        assert not any(math.isnan(v) for row in rows.values() for v in row.values())
        assert {"batch_size", "images", "torch"} <= set(entry)
    assert sum(path.stat().st_size for path in table.FOLDER.iterdir()) < 2_000_000

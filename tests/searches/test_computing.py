"""Scores on demand: computed once per class of cells, kept, and found again by the next search."""

import numpy as np
import pytest
from typer.testing import CliRunner

from zcnas.organiser.cli.main import app
from zcnas.searches.arena import Arena
from zcnas.searches.candidates import Candidates
from zcnas.searches.computing import compute_missing
from zcnas.searches.scores import Sources, with_scores

TWINS = (
    "|skip_connect~0|+|none~0|none~1|+|nor_conv_1x1~0|nor_conv_3x3~1|none~2|",
    "|skip_connect~0|+|none~0|none~1|+|nor_conv_3x3~0|nor_conv_1x1~1|none~2|",
)
"""Node 1 is the input, so both outputs are the same sum of two convolutions of it."""


def test_isomorphic_cells_are_computed_once_and_kept(tmp_path):
    pytest.importorskip("xgboost", reason="pip install 'zcnas[research]'")
    accuracy = np.array([50.0, 60.0])
    candidates = Candidates("nasbench201", TWINS)
    assert len(set(candidates.classes)) == 1
    arena = Arena("nasbench201_svhn", candidates, accuracy, accuracy, ("", ""), ("", ""))
    sources = compute_missing(arena, ("params",), Sources(), tmp_path)
    (path,) = tmp_path.glob("*/nasbench201_svhn.jsonl")
    assert len(path.read_text().splitlines()) == 1
    column = with_scores(arena, ("params",), sources).columns["params"]
    assert column.scores[0] == column.scores[1] > 0
    assert column.origin == "1 computed here, 1 of an isomorphic cell"
    compute_missing(arena, ("params",), sources, tmp_path)
    assert len(path.read_text().splitlines()) == 1


def test_a_search_finds_computed_scores_in_the_cache(tmp_path, monkeypatch):
    pytest.importorskip("xgboost", reason="pip install 'zcnas[research]'")
    seen = {}

    def stop(arena, proxies, sources):
        seen["rows"] = sources.rows
        raise KeyboardInterrupt

    monkeypatch.setattr("zcnas.searches.scores.with_scores", stop)
    monkeypatch.setattr("zcnas.searches.arena.load_arena", lambda *arguments: None)
    row = tmp_path / "synflow" / "nasbench201_cifar100.jsonl"
    row.parent.mkdir()
    row.write_text("")
    words = ["search", "--warmup", "synflow:10", "--cache", str(tmp_path)]
    CliRunner().invoke(app, words)
    assert seen["rows"] == (row,)

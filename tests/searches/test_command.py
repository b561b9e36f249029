"""`zcnas search` and `zcnas search compare` as people type them."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import zcnas
from zcnas.benchmarks import get_benchmark
from zcnas.errors import ResultsError, ZcnasError
from zcnas.organiser.cli.main import app
from zcnas.search_spaces.transbench101_micro.spec import TransBench101MicroSpec
from zcnas.searches.arena import load_arena
from zcnas.searches.candidates import NEAREST
from zcnas.tables.forged import ForgedTable, write_table

pytest.importorskip("xgboost", reason="pip install 'zcnas[research]'")
KEY = "transbench101_micro_svhn"


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Accuracies and two proxies of 300 cells, in NAS-Bench-Suite-Zero's form."""
    rng = np.random.default_rng(0)
    cells = list(TransBench101MicroSpec.enumerate())[1000:1300]
    accuracy = rng.uniform(20, 95, size=300)
    rows = {
        str(cell.to_naslib()): {
            "val_accuracy": value,
            "synflow": {"score": value + noise},
            "zen": {"score": noise},
        }
        for cell, value, noise in zip(cells, accuracy, rng.normal(size=300), strict=True)
    }
    folder = tmp_path_factory.mktemp("tables")
    (folder / "zc_transbench101_micro.json").write_text(json.dumps({"svhn": rows}))
    return folder


@pytest.fixture
def search(tmp_path, tables, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZCNAS_DATA", str(tables))

    def run(*arguments):
        """Return what is printed on stdout; raise what the command line would print."""
        done = CliRunner().invoke(app, ["search", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def test_a_search_is_run_resumed_and_compared(search, tmp_path):
    few = ("--benchmark", KEY, "--models", "50")
    search(*few, "--trials", "5", "--out", "rand")
    first = (tmp_path / "rand/trials.jsonl").read_bytes()
    search(*few, "--trials", "13", "--out", "rand")
    assert (tmp_path / "rand/trials.jsonl").read_bytes().startswith(first)
    assert len((tmp_path / "rand/trials.jsonl").read_text().splitlines()) == 13
    warm = ("--algorithm", "ae", "--warmup", "synflow:200", "--trials", "13", "--out", "warm")
    summary = json.loads(search(*few, *warm, "--json"))
    assert summary["search"] == "ae + warm-up synflow:200"
    assert summary["proxy_evaluations"] == 200

    hours = ("--training-seconds", "3600", "--target", "90")
    record = json.loads(search("compare", "rand", "warm", "--out", "page", *hours, "--json"))
    rows = {row["search"]: row for row in record["tables"]["models"]}
    assert list(rows) == ["rand", "ae + warm-up synflow:200"]
    assert rows["ae + warm-up synflow:200"]["difference"] > 0
    table = record["tables"]
    assert [row["without proxies"] for row in table["hours"]] == [
        row["median"] for row in table["models"]
    ]
    assert float(table["hours"][0]["hours to 90"]) == float(table["models"][0]["median"])
    page = (tmp_path / "page/search_compare.md").read_text()
    assert "Written by `zcnas search compare`" in page
    assert "validation accuracy of one training (nas_bench_suite_zero) decides" in page
    assert "300 published" in page
    for name in ("models", "hours"):
        assert (tmp_path / f"page/search_compare_{name}.svg").stat().st_size > 1000


def test_another_search_in_a_used_folder_is_refused(search):
    few = ("--benchmark", KEY, "--models", "20", "--trials", "2", "--out", "used")
    search(*few)
    with pytest.raises(ResultsError, match="a search whose name is rand, not ae; name another"):
        search(*few, "--algorithm", "ae")


def test_a_torn_line_is_run_again_to_the_same_trial(search, tmp_path):
    few = ("--benchmark", KEY, "--models", "30", "--trials", "3", "--out", "torn")
    search(*few)
    path = tmp_path / "torn/trials.jsonl"
    whole = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_bytes(path.read_bytes()[:-40])
    search(*few)
    again = [json.loads(line) for line in path.read_text().splitlines()]
    assert [t["digest"] for t in again] == [t["digest"] for t in whole]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--algorithm", "sa"), "unknown search algorithm 'sa'; known algorithms: rand, ae, rl"),
        (("--warmup", "snip:10"), "nobody has scores of 'snip' on transbench101_micro_svhn"),
        (("--compute",), "the search uses no proxy"),
        (("compare", "nothing"), "nothing holds no search"),
    ],
)
def test_what_cannot_be_done_is_one_message(search, arguments, message):
    own = arguments if "compare" in arguments else ("--benchmark", KEY, *arguments)
    with pytest.raises(ZcnasError, match=message):
        search(*own)


def test_a_notebook_gets_a_frame_of_trials(tables):
    frame = zcnas.search(KEY, "ae", moves="synflow:5", trials=4, models=40, folder=tables)
    assert list(frame.columns) == [
        "trial", "models", "architecture", "validation", "test", "proxy_s",
        "training_s",
    ]  # fmt: skip
    assert frame["trial"].nunique() == 4
    assert (frame.groupby("trial")["validation"].diff().dropna() > 0).all()
    assert frame.attrs["scores"] == {"synflow": "300 published"}


def test_scores_of_ones_own_are_taken_in_and_named(tables, tmp_path):
    series = zcnas.benchmark(KEY).accuracies(tables)
    lines = [f"{text},{value},{value / 2},0.5" for text, value in series.items()]
    (tmp_path / "mine.csv").write_text("\n".join(["architecture,mine,half,seconds", *lines]))
    frame = zcnas.search(
        KEY, warmup="mine:all", trials=2, models=5, folder=tables, scores=tmp_path / "mine.csv"
    )
    assert (frame["test"] == series.max()).all()
    assert frame.attrs["scores"] == {"mine": "300 brought by the researcher"}
    assert frame["proxy_s"].tolist() == [300 * 0.5 / 2] * 2, "half of a row's seconds are mine's"


FORGED = "transbench101_micro_forged_digits"


def test_whoever_has_no_tables_searches_what_a_public_phase_shows(search, monkeypatch):
    monkeypatch.delenv("ZCNAS_DATA")
    shown = zcnas.benchmark(FORGED).accuracies()
    few = ("--benchmark", FORGED, "--models", "100", "--trials", "2")
    said = search(*few, "--out", "whole", "--json")
    assert json.loads(said)["test"] == pytest.approx(shown.max())
    record = json.loads((Path("whole") / "search.json").read_text())
    assert record["candidates"] == len(shown) == 100
    assert record["validation"] == "validation accuracy after 500 steps (public_phase)"
    assert json.loads(search(*few, "--algorithm", "ae", "--out", "ae", "--json"))["models"] == 100


def test_a_forge_of_ones_own_goes_before_what_is_shown(search, tables):
    cells = [str(cell) for cell in list(TransBench101MicroSpec.enumerate())[:40]]
    table = ForgedTable(
        benchmark=FORGED, metric="accuracy", images="none", steps=1, seed_tau=(0.9, 0.8, 1.0),
        accuracies={cell: (20.0 + at, 22.0 + at) for at, cell in enumerate(cells)}, losses={},
    )  # fmt: skip
    path = write_table(tables, table)
    try:
        said = search("--benchmark", FORGED, "--models", "40", "--trials", "1", "--json")
    finally:
        path.unlink()
    assert json.loads(said)["test"] == 20 + 39 + 1


def test_in_a_sample_of_a_space_an_architecture_has_neighbours():
    candidates = load_arena(get_benchmark(FORGED), None).candidates
    first = candidates.specs[0]
    distances = [
        sum(a != b for a, b in zip(first.ops, other.ops, strict=True)) for other in candidates.specs
    ]
    found = candidates.neighbours(0)
    assert len(found) == NEAREST
    assert max(distances[place] for place in found) <= sorted(distances)[NEAREST]

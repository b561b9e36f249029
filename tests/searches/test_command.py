"""`zcnas search` and `zcnas search compare` as people type them."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import zcnas
from zcnas.errors import ResultsError, ZcnasError
from zcnas.organiser.cli.main import app
from zcnas.search_spaces.transbench101_micro.spec import TransBench101MicroSpec

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
    search(*few, "--trials", "12", "--out", "rand")
    assert (tmp_path / "rand/trials.jsonl").read_bytes().startswith(first)
    assert len((tmp_path / "rand/trials.jsonl").read_text().splitlines()) == 12
    warm = ("--algorithm", "ae", "--warmup", "synflow:200", "--trials", "12", "--out", "warm")
    summary = json.loads(search(*few, *warm, "--json"))
    assert summary["search"] == "ae + warm-up synflow:200"
    assert summary["proxy_evaluations"] == 200

    record = json.loads(search("compare", "rand", "warm", "--out", "page", "--json"))
    rows = {row["search"]: row for row in record["tables"]["models"]}
    assert list(rows) == ["rand", "ae + warm-up synflow:200"]
    assert rows["ae + warm-up synflow:200"]["difference"] > 0
    page = (tmp_path / "page/search_compare.md").read_text()
    assert "Written by `zcnas search compare`" in page
    assert "validation accuracy of one training (nas_bench_suite_zero) decides" in page
    assert "300 published" in page
    assert (tmp_path / "page/search_compare_models.svg").stat().st_size > 1000


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
    ]  # fmt: skip
    assert frame["trial"].nunique() == 4
    assert (frame.groupby("trial")["validation"].diff().dropna() > 0).all()
    assert frame.attrs["scores"] == {"synflow": "300 published"}


def test_scores_of_ones_own_are_taken_in_and_named(tables, tmp_path):
    series = zcnas.benchmark(KEY).accuracies(tables)
    lines = [f"{text},{value}" for text, value in series.items()]
    (tmp_path / "mine.csv").write_text("\n".join(["architecture,mine", *lines]))
    frame = zcnas.search(
        KEY, warmup="mine:all", trials=2, models=5, folder=tables, scores=tmp_path / "mine.csv"
    )
    assert (frame["test"] == series.max()).all()
    assert frame.attrs["scores"] == {"mine": "300 brought by the researcher"}

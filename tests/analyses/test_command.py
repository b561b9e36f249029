"""`zcnas analyse` as people type it."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zcnas


@pytest.fixture
def analyse(tmp_path, cells, write_table):
    rng = np.random.default_rng(0)
    columns = {name: rng.normal(size=40).tolist() for name in ("snip", "zen", "params")}
    (tmp_path / "tables").mkdir()
    write_table(tmp_path / "tables", cells, list(range(40)), columns)
    lines = [f"{cell},{place**2}" for place, cell in enumerate(cells)]
    (tmp_path / "mine.csv").write_text("\n".join(["architecture,mine", *lines]) + "\n")

    def run(*arguments):
        environment = os.environ | {"ZCNAS_DATA": str(tmp_path / "tables"), "COLUMNS": "200"}
        done = subprocess.run(
            [Path(sys.executable).parent / "zcnas", "analyse", *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def test_an_analysis_writes_a_page_tables_figures_and_a_record(analyse, tmp_path):
    only = ("--benchmarks", "nasbench201_cifar10")
    done = analyse("bias", *only, "--scores", "mine.csv", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    out = tmp_path / "build" / "analyses"
    assert record == json.loads((out / "bias.json").read_text())
    assert record["benchmarks"] == ["nasbench201_cifar10"]
    assert {"mine", "val-acc"} <= {row["proxy"] for row in record["tables"]["biases"]}
    page = (out / "bias.md").read_text()
    assert "| mine |" in page
    for image in ("bias_cell_size.png", "bias_cell_size.svg"):
        assert (out / image).stat().st_size > 1000
    assert "bias_cell_size.svg" in page
    assert (out / "bias_biases.csv").read_text().startswith("benchmark,bias,proxy,architectures")


COUNTER = """
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return sum(p.numel() for p in graph.parameters())
"""


def test_a_submission_is_asked_and_stands_beside_the_published_scores(analyse, tmp_path):
    (tmp_path / "counter").mkdir()
    (tmp_path / "counter" / "predictor.py").write_text(COUNTER)
    arguments = ("bias", "--benchmarks", "nasbench201_cifar10", "--scores", "counter")
    done = analyse(*arguments, "--isolation", "process", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["tables"]["biases"]
    assert "counter" in {row["proxy"] for row in rows}
    out = tmp_path / "build" / "analyses" / "submission_scores" / "counter"
    with (out / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    scores = {row["architecture"]: float(row["counter"]) for row in rows}
    assert all(0 < float(row["seconds"]) < 60 for row in rows)
    benchmark = zcnas.get_benchmark("nasbench201_cifar10")
    assert len(scores) == 40
    for text, score in list(scores.items())[:3]:
        network = zcnas.build_network(zcnas.parse_spec("nasbench201", text), benchmark)
        assert score == sum(p.numel() for p in network.parameters())
    before = (out / "results" / "events.jsonl").stat().st_size
    assert analyse(*arguments, "--isolation", "process").returncode == 0
    events = (out / "results" / "events.jsonl").read_text()[before:]
    assert "run_finished" in events
    assert "job_started" not in events, "what was answered is not asked again"


def test_a_submission_that_answers_nothing_says_where_to_look(analyse, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "predictor.py").write_text(COUNTER.replace("sum(", "no_such(", 1))
    arguments = ("bias", "--benchmarks", "nasbench201_cifar10", "--scores", "broken")
    done = analyse(*arguments, "--isolation", "process")
    assert done.returncode == 2
    assert "'broken' answered none of its queries; see why with `zcnas status" in done.stderr


def test_the_same_analysis_draws_the_same_bytes(analyse, tmp_path):
    only = ("--benchmarks", "nasbench201_cifar10")
    files = {}
    for out in ("one", "two"):
        assert analyse("generalisation", *only, "--out", out).returncode == 0
        files[out] = {
            path.name: path.read_bytes()
            for path in (tmp_path / out).iterdir()
            if path.suffix in (".csv", ".svg", ".png")
        }
    assert len(files["one"]) >= 10
    assert files["one"] == files["two"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("biases",), "unknown analysis 'biases'; analyses: generalisation, bias"),
        (("bias", "--benchmarks", "nasbench201_mnist"), "unknown benchmark 'nasbench201_mnist'"),
        (("bias", "--benchmarks", "nasbench301_svhn"), "zc_nasbench301.json from the NAS-Bench"),
        (("bias", "--benchmarks", "nasbench201_svhn"), "has no architectures for svhn"),
        (("bias", "--tables", "nowhere"), "there are no published scores to analyse"),
    ],
)
def test_what_cannot_be_done_is_one_message(analyse, arguments, message):
    done = analyse(*arguments)
    assert done.returncode == 2
    assert message in done.stderr.replace("\n", " ")

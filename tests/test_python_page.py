"""docs/python.md is true: every line is executed, and the door stays light."""

import doctest
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import zcnas
from zcnas.organiser.results.frames import results

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "python.md"


def test_every_line_of_the_page_does_what_it_says(monkeypatch):
    monkeypatch.delenv("ZCNAS_DATA", raising=False)
    done = doctest.testfile(
        str(PAGE), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert done.attempted > 15
    assert done.failed == 0


def test_every_cell_of_the_notebook_runs(monkeypatch):
    monkeypatch.delenv("ZCNAS_DATA", raising=False)
    monkeypatch.setenv("MPLBACKEND", "agg")
    cells = json.loads((ROOT / "docs" / "python.ipynb").read_text())["cells"]
    names = {"__name__": "__main__"}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert names["tried"].failures == {}
    assert names["axes"].get_xlabel() == "accuracy"


def test_a_benchmark_loads_torch_with_its_first_network_only():
    code = (
        "import sys, zcnas\n"
        "b = zcnas.benchmark('nasbench301_svhn'); b.sample(3); b.practice()\n"
        "print('torch' in sys.modules, 'pandas' in sys.modules)\n"
        "zcnas.benchmark('nasbench201_cifar10').accuracies()\n"
        "print('torch' in sys.modules, 'pandas' in sys.modules)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "ZCNAS_DATA"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env=environment)  # fmt: skip
    assert done.stdout.split() == ["False", "False", "False", "True"]


class Fails:
    def query(self, graph, dataloader=None):
        if graph.num_classes == 10:
            raise ValueError("ten classes")
        return 1.0


def test_a_tried_predictor_tells_failures_with_its_own_line():
    tried = zcnas.try_predictor(Fails(), "nasbench201_cifar10", n=2)
    assert tried.tau == 0.0
    ((message, count),) = tried.failures.items()
    assert message.startswith("error: ValueError: ten classes (test_python_page.py, line ")
    assert count == 2
    elsewhere = zcnas.try_predictor(Fails(), "nasbench101_cifar10", n=5)
    assert (elsewhere.tau, len(elsewhere.queries)) == (None, 2)
    with pytest.raises(ValueError, match="not public"):
        elsewhere.plot()


def test_a_runs_results_are_data_frames(tmp_path):
    for name in ("one", "two"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "predictor.py").write_text("class Other: pass\n")
    words = ("--isolation", "process", "--benchmark", "nasbench201_cifar10", "--out", "out")
    subprocess.run([Path(sys.executable).parent / "zcnas", "score", "in", *words], cwd=tmp_path,
                   capture_output=True, check=True)  # fmt: skip
    frames = results(tmp_path / "out")
    assert set(frames.leaderboard.index) == {"one", "two"}
    assert set(frames.leaderboard.columns) >= {"rank", "score", "nasbench201_cifar10", "failed"}
    assert frames.predictions.groupby("submission").size().tolist() == [100, 100]
    assert set(frames.predictions["status"]) == {"error"}

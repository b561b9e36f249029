"""A participant at the terminal: asked after equal failures, smoke-tested once per content."""

import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from zcnas.isolation.owners import MARK, owner_mark
from zcnas.organiser.cli import smoking
from zcnas.participant.smoke import SmokeReport, Trial, all_benchmarks, keep_report

ZCNAS = Path(sys.executable).parent / "zcnas"
RAISES = (
    "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None):\n"
    "        raise ValueError(f'{id(graph)} is not for me')\n"
)


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "predictor.py").write_text(RAISES)
    return tmp_path / "mine"


def test_after_five_equal_failures_a_terminal_is_asked_and_no_ends_the_run(mine):
    """With a terminal of 80 columns; nothing that was said is cut at its edge."""
    reader, writer = pty.openpty()
    process = subprocess.Popen(
        [ZCNAS, "dry-run", "mine", "--isolation", "process", "--benchmark", "nasbench201_cifar10"],
        cwd=mine.parent, stdin=writer, stdout=writer, stderr=writer, close_fds=True,
        env={**os.environ, "COLUMNS": "80", "TERM": "xterm"},
    )  # fmt: skip
    os.close(writer)
    said = b""
    while True:
        try:
            piece = os.read(reader, 4096)
        except OSError:
            break
        said += piece
        if b"Continue?" in piece:
            os.write(reader, b"n\n")
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said.decode())
    assert process.wait() == 1, text
    assert "5 equal failures: error: ValueError: " in text
    assert "nasbench201_cifar10.log" in text
    assert "stopped after " in text
    assert "repeat the command" not in text
    assert "next: zcnas try mine" in text
    lines = (mine.parent / "build/dry-run/submissions/mine").glob("*.predictions.jsonl")
    assert 5 <= sum(path.read_text().count("\n") for path in lines) < 100


@pytest.mark.slow
def test_a_smoke_test_that_fails_names_benchmark_and_line_and_ends_with_one(mine):
    done = subprocess.run(
        [ZCNAS, "smoke", "mine", "--isolation", "process", "--benchmark", "nasbench201_svhn"],
        cwd=mine.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "is not for me (predictor.py, line 3)" in done.stdout
    assert "failed on 1 of 1 benchmark: nasbench201_svhn" in done.stdout
    assert "--benchmark nasbench201_svhn shows it at your terminal" in done.stdout
    unknown = subprocess.run([ZCNAS, "smoke", "mine", "--benchmark", "mnist"], cwd=mine.parent,
                             capture_output=True, text=True, check=False)  # fmt: skip
    assert unknown.returncode == 2
    assert "unknown benchmark 'mnist'" in unknown.stderr


def test_a_killed_smoke_test_leaves_a_folder_that_the_next_run_knows(mine, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    marks = []

    class Killed:
        def __init__(self, *arguments):
            marks.extend((each / MARK).read_text() for each in tmp_path.glob("zcnas-smoke-*"))
            raise KeyboardInterrupt

    monkeypatch.setattr(smoking, "Smoke", Killed)
    with pytest.raises(KeyboardInterrupt):
        smoking.run_smoke(mine, "process", "", tmp_path / "smoke.json", ["nasbench201_svhn"])
    assert marks == [owner_mark()]


def test_a_content_is_smoke_tested_once(mine, tmp_path, monkeypatch):
    trials = tuple(Trial(benchmark=key, predictions=()) for key in all_benchmarks())
    report = SmokeReport(sha256="a" * 64, isolation="process", trials=trials)
    ran = []
    monkeypatch.setattr(smoking, "run_smoke", lambda *arguments: ran.append(arguments) or report)
    kept = tmp_path / "smoke.json"
    assert smoking.recall_or_run(mine, "a" * 64, "process", "", kept) is report
    keep_report(kept, report)
    assert smoking.recall_or_run(mine, "a" * 64, "process", "", kept) == report
    assert len(ran) == 1
    smoking.recall_or_run(mine, "b" * 64, "process", "", kept)
    assert len(ran) == 2

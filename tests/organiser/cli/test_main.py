"""The commands as people type them: what they print, what they return."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.patience import WAIT_S, wait_until
from zcnas.organiser.cli.main import app
from zcnas.organiser.cli.options import console

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def zcnas(tmp_path):
    def run(*arguments, **environment):
        done = subprocess.run(
            [Path(sys.executable).parent / "zcnas", *arguments],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "100", **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


def test_a_dry_run_shows_tau_failures_with_reasons_and_time_against_the_limit(zcnas, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "predictor.py").write_text(
        "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None):\n"
        "        size = sum(p.numel() for p in graph.parameters())\n"
        "        if size < 200_000: raise ValueError('too small for me')\n        return size\n"
    )
    done = zcnas("dry-run", "mine", "--isolation", "process", "--benchmark", "nasbench201_cifar10")
    assert done.returncode == 0, done.stderr
    assert "nasbench201_cifar10" in done.stdout
    assert "of 20 s" in done.stdout
    assert "error: ValueError: too small for me (predictor.py, line 4)" in done.stdout
    assert "for example" in done.stdout
    assert "log: build/dry-run/submissions/mine/nasbench201_cifar10.log" in done.stdout
    assert "slowest architectures:" in done.stdout
    assert "score (mean tau): 0." in done.stdout
    assert "among 18 baselines; next to beat: " in done.stdout
    assert "expected in final: about" in done.stdout
    assert "next: zcnas submission mine packs it for upload" in done.stdout
    assert (tmp_path / "build" / "dry-run" / "leaderboard" / "index.html").is_file()
    assert "images: synthetic fallback" in done.stdout
    assert (tmp_path / "build" / "dry-run" / "submissions" / "mine" / "scores.json").is_file()


def test_a_dry_run_of_a_broken_submission_says_what_to_do_and_fails(zcnas, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "predictor.py").write_text("class Other: pass\n")
    done = zcnas("dry-run", "mine", "--isolation", "process", "--benchmark", "nasbench201_cifar10")
    assert done.returncode == 1
    assert (
        "predictor.py does not define a class ZeroCostPredictor; rename your class" in done.stdout
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_how_to_resume(tmp_path, number):
    (tmp_path / "sleeper").mkdir()
    (tmp_path / "sleeper" / "predictor.py").write_text(
        "import time\nclass ZeroCostPredictor:\n"
        "    def query(self, graph, dataloader=None): time.sleep(1000)\n"
    )
    words = ("--isolation", "process", "--benchmark", "nasbench201_cifar10", "--out", "out")
    process = subprocess.Popen(
        [Path(sys.executable).parent / "zcnas", "score", "sleeper", *words],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    events = tmp_path / "out" / "events.jsonl"
    wait_until(lambda: events.exists() and "job_started" in events.read_text(), "no job starts")
    process.send_signal(number)
    said, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode != 0
    assert "what is finished is kept in out: repeat the command to resume" in " ".join(said.split())
    assert '"event":"interrupted"' in events.read_text()


COUNTS = (
    "class ZeroCostPredictor:\n    seen = 0\n    def query(self, graph, dataloader=None):\n"
    "        self.seen += 1\n        return self.seen\n"
)


def test_a_quick_dry_run_of_a_counter_says_that_it_is_no_score_and_why_all_are_equal(
    zcnas, tmp_path
):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "predictor.py").write_text(COUNTS)
    words = ("--isolation", "process", "--benchmark", "nasbench201_cifar10", "-n", "3")
    done = zcnas("dry-run", "mine/predictor.py", *words)
    assert done.returncode == 0, done.stderr
    assert "all scores on nasbench201_cifar10 are equal" in done.stdout
    assert "forked after pre_process" in done.stdout
    assert "mean tau on the first 3 of 100 architectures: 0.0000" in done.stdout
    assert "This is not the score" in done.stdout
    assert "next: zcnas dry-run mine/predictor.py gives the score" in done.stdout
    lines = (tmp_path / "build/dry-run/submissions/mine").glob("*.predictions.jsonl")
    assert sum(path.read_text().count("\n") for path in lines) == 3


def test_a_dry_run_in_which_nothing_is_scored_groups_the_failures_and_fails(zcnas, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "predictor.py").write_text(
        "import torch\nclass ZeroCostPredictor:\n    def query(self, graph, dataloader=None):\n"
        "        size = sum(p.numel() for p in graph.parameters())\n"
        "        return torch.zeros(size) @ torch.zeros(2)\n"
    )
    words = ("--isolation", "process", "--benchmark", "nasbench201_cifar10", "--quick")
    done = zcnas("dry-run", "mine", *words)
    assert done.returncode == 1
    assert "10 × error: RuntimeError: " in done.stdout
    assert "(predictor.py, line 5) (and others that differ in numbers)" in done.stdout
    assert "next: zcnas try mine" in done.stdout
    fast = zcnas("dry-run", "mine", *words, "--fail-fast")
    assert fast.returncode == 1
    assert "10 ×" not in fast.stdout
    assert "Traceback" not in fast.stderr


def test_waiting_for_a_cpu_is_said_at_once_with_who_holds_it(tmp_path):
    (tmp_path / "locks").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "predictor.py").write_text(COUNTS)
    cpu = min(os.sched_getaffinity(0))
    lock = tmp_path / "locks" / f"cpu{cpu}.lock"
    holder = subprocess.Popen(
        ["flock", lock, "sh", "-c", "echo held; read line"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with holder:
        assert holder.stdout.readline() == "held\n"
        words = ("--isolation", "process", "--benchmark", "nasbench201_cifar10", "-n", "2")
        process = subprocess.Popen(
            [Path(sys.executable).parent / "zcnas", "dry-run", "mine", *words, "--cpus", str(cpu)],
            cwd=tmp_path, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "ZCNAS_LOCKS": str(tmp_path / "locks")},
        )  # fmt: skip
        line = ""
        while "waiting for a CPU" not in line:
            line = process.stdout.readline()
            assert line, "it ended without a word about waiting"
        assert f"CPU {cpu} is held by process {holder.pid}" in line
        status = subprocess.run(
            [Path(sys.executable).parent / "zcnas", "status", "build/dry-run"],
            cwd=tmp_path, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        assert f"is held by process {holder.pid}" in status
        holder.communicate("go\n", timeout=WAIT_S)
    said, _ = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, said


def test_submission_checks_and_zips(zcnas, tmp_path):
    done = zcnas("submission", str(ROOT / "starting_kit"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "build" / "submission" / "starting_kit.zip").is_file()
    assert "ready to upload" in done.stdout
    assert " predictor.py\n" in done.stdout
    assert "input_data/nasbench" not in done.stdout


def test_check_lists_every_problem(zcnas, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "metadata").write_text("command: x")
    done = zcnas("check", "bad")
    assert done.returncode == 2
    assert "no predictor.py" in done.stderr
    assert "metadata is not empty" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("score", "--phase", "grand"), 2, "unknown phase 'grand'; phases in"),
        (("score", "--benchmark", "mnist"), 2, "benchmark 'mnist' is not in phase 'practice'"),
        (("score", "nowhere"), 2, "no such folder or zip"),
        (("score", "--cpus", "999"), 2, "names [999], which this process may not use"),
        (("leaderboard", "nowhere"), 2, "nowhere holds no run; name the folder of one"),
    ],
)
def test_a_mistake_in_the_call_is_one_message_and_an_exit_code(zcnas, arguments, code, message):
    done = zcnas(*arguments)
    assert done.returncode == code
    assert message in done.stderr


def test_a_data_folder_that_does_not_exist_is_refused(zcnas):
    done = zcnas("score", ZCNAS_DATA="/nowhere")
    assert done.returncode == 2
    assert "ZCNAS_DATA names /nowhere, which is not a folder" in done.stderr


def test_without_an_engine_docker_is_refused_and_auto_warns(zcnas, tmp_path):
    nowhere = "unix:///nowhere/docker.sock"
    refused = zcnas("score", "--isolation", "docker", DOCKER_HOST=nowhere)
    assert refused.returncode == 3
    assert "no Docker engine answers" in refused.stderr
    sample = str(ROOT / "starting_kit" / "submissions" / "params")
    done = zcnas(
        *("score", sample, "--benchmark", "nasbench201_imagenet16_120"),
        DOCKER_HOST=nowhere,
        PATH="/nowhere",
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING: no Docker engine answers" in done.stdout
    assert "isolation: process" in done.stdout
    assert (tmp_path / "build" / "score" / "leaderboard.csv").is_file()


@pytest.fixture
def refused_run(zcnas, tmp_path):
    """A run whose only submission is refused, so that nothing has to be ingested."""
    (tmp_path / "in" / "mine").mkdir(parents=True)
    (tmp_path / "in" / "mine" / "predictor.py").write_text("class Other: pass\n")
    (tmp_path / "in" / "submissions.csv").write_text("name,team\nmine,The Team\n")
    return zcnas("score", "in", "--isolation", "process", "--out", "out")


def test_the_end_of_score_writes_pages_that_know_the_teams(refused_run, tmp_path):
    assert refused_run.returncode == 0, refused_run.stderr
    pages, then = refused_run.stdout.splitlines()[-2:]
    assert pages == "pages: out/leaderboard/index.html"
    assert then == "next: zcnas feedback out writes what each participant may see"
    page = (tmp_path / "out" / "leaderboard" / "index.html").read_text()
    assert "The Team" in page
    assert "invalid submission" in page
    refusal = (tmp_path / "out" / "leaderboard" / "submission-mine.html").read_text()
    assert "ZeroCostPredictor" in refusal, "what has to be mended"


def test_at_a_terminal_a_ranking_says_what_it_is_doing(refused_run, tmp_path, monkeypatch):
    said = []

    def status(text):
        said.append(text)
        return contextlib.nullcontext()

    monkeypatch.setattr(console, "status", status)
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["rank", "out"]).exit_code == 0
    assert said == ["judging 1 submission: scores, intervals, rank groups", "drawing the pages"]


def test_leaderboard_writes_the_pages_of_an_earlier_run_wherever_they_are_wanted(
    refused_run, zcnas, tmp_path
):
    (tmp_path / "out" / "submissions.csv").write_text("name,team\nmine,Another Team\n")
    done = zcnas("leaderboard", "out", "--site", "pages", "--after-deadline")
    assert done.returncode == 0, done.stderr
    assert "Another Team" in (tmp_path / "pages" / "index.html").read_text()
    again = zcnas("leaderboard", "out", "--site", "pages")
    assert again.returncode == 0, "a site of ours is replaced"


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "folder", [".", pytest.param("out", marks=SLOW), pytest.param("in", marks=SLOW), "notes"]
)
def test_pages_never_replace_a_folder_with_anything_else_in_it(
    refused_run, zcnas, tmp_path, folder
):
    assert zcnas("leaderboard", "out", "--site", "notes").returncode == 0
    (tmp_path / "notes" / "thesis.tex").write_text("four years")
    before = {path: path.is_dir() or path.read_bytes() for path in tmp_path.rglob("*")}
    refused = zcnas("leaderboard", "out", "--site", folder)
    assert refused.returncode == 2
    assert "what is not a page of ours" in refused.stderr
    assert {path: path.is_dir() or path.read_bytes() for path in tmp_path.rglob("*")} == before


def test_what_stands_beside_the_pages_is_left_alone(refused_run, zcnas, tmp_path):
    for name in ("pages.partial", ".pages.partial", "pages.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.tex").write_text("four years")
    for _ in range(2):
        assert zcnas("leaderboard", "out", "--site", "pages").returncode == 0
    kept = [path.parent.name for path in sorted(tmp_path.glob("*/thesis.tex"))]
    assert kept == [".pages.partial", "pages.old", "pages.partial"]
    assert sorted(path.name for path in tmp_path.glob("*pages*")) == [*kept[:1], "pages", *kept[1:]]


def test_leaderboard_without_the_truth_prints_the_table_and_says_why_there_are_no_pages(
    refused_run, zcnas, tmp_path
):
    path = tmp_path / "out" / "run.json"
    path.write_text(path.read_text().replace('"practice"', '"starter"'))
    done = zcnas("leaderboard", "out", ZCNAS_PHASES="")
    assert done.returncode == 0, done.stderr
    assert "no pages: phase 'starter' is hidden" in done.stdout
    assert "mine" in done.stdout


def test_a_malformed_submissions_csv_is_refused_before_anything_runs(zcnas, tmp_path):
    (tmp_path / "in" / "mine").mkdir(parents=True)
    (tmp_path / "in" / "mine" / "predictor.py").write_text("class ZeroCostPredictor: pass\n")
    (tmp_path / "in" / "submissions.csv").write_text("who\nmine\n")
    done = zcnas("score", "in", "--isolation", "process")
    assert done.returncode == 2
    assert "has the columns who; allowed are name, team" in done.stderr
    assert not (tmp_path / "build").exists()


def test_an_unwritable_output_folder_is_our_fault_with_a_message(zcnas):
    sample = str(ROOT / "starting_kit" / "submissions" / "params")
    done = zcnas("score", sample, "--isolation", "process", "--out", "/sys/below")
    assert done.returncode == 3
    assert "/sys/below" in done.stderr

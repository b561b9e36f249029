"""``score``, ``rank``, ``leaderboard`` and ``merge`` make one leaderboard of the same results."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
KEYS = ("nasbench201_cifar10", "nasbench201_imagenet16_120")
PREDICTOR = "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None): return 1\n"
NAMES = ("ada", "grace", "leaderboard", "leaderboard.json")
ROSTER = """name,team,received_at,baseline
ada,Analytical,2026-03-02T10:00:00Z,no
leaderboard,Analytical,2026-03-01T10:00:00Z,no
grace,,,yes
"""


class Shell:
    """Runs ``zcnas`` with light workers in a folder."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, *words):
        done = subprocess.run(
            [sys.executable, HERE / "light_scoring.py", self.folder / "asked", *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        self.counts = json.loads(done.stderr.splitlines()[-1])
        return done

    def score(self, out, *submissions):
        benchmarks = [word for key in KEYS for word in ("--benchmark", key)]
        return self.run("score", *submissions, *benchmarks, "--isolation", "process", "--out", out)


def files_of(out):
    """Return every byte a leaderboard and its site are made of."""
    board = {name: (out / name).read_bytes() for name in ("leaderboard.json", "leaderboard.csv")}
    site = {path.name: path.read_bytes() for path in (out / "leaderboard").iterdir()}
    scores = {path.parent.name: path.read_bytes() for path in out.glob("submissions/*/scores.json")}
    return {"board": board, "site": site, "scores": scores}


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shell")
    for name in NAMES:
        (folder / "in" / name).mkdir(parents=True)
        (folder / "in" / name / "predictor.py").write_text(PREDICTOR)
    (folder / "in" / "broken").mkdir()
    (folder / "in" / "broken" / "predictor.py").write_text("def f(:\n")
    (folder / "in" / "submissions.csv").write_text(ROSTER)
    return Shell(folder)


@pytest.fixture(scope="module")
def scored(shell):
    """The files that `zcnas score` wrote, and how often it wrote and parsed what."""
    shell.score("out", "in")
    return files_of(shell.folder / "out"), shell.counts


def test_one_run_writes_the_leaderboard_once_and_parses_predictions_at_most_twice(scored):
    _, counts = scored
    assert counts.pop("leaderboard.json") == 1
    assert len(counts) == len(KEYS) * (len(NAMES) + 1)
    assert max(counts.values()) <= 2


@pytest.mark.parametrize("words", [("rank",), ("leaderboard",)])
def test_the_leaderboard_and_the_site_again_are_the_same_to_the_last_byte(scored, shell, words):
    files, _ = scored
    entries = json.loads(files["board"]["leaderboard.json"])["entries"]
    assert all(entry["score_interval"] for entry in entries)
    assert {entry["rank_group"] for entry in entries if entry["rank"]} != {None}
    shell.run(*words, "out")
    assert files_of(shell.folder / "out") == files
    assert max(shell.counts.values()) == 1


def test_two_halves_of_a_run_merge_into_the_leaderboard_of_the_whole(scored, shell):
    files, _ = scored
    for half, gone in (("one", NAMES[:2]), ("other", (*NAMES[2:], "broken"))):
        shutil.copytree(shell.folder / "out", shell.folder / half)
        shutil.rmtree(shell.folder / half / "leaderboard")
        for name in gone:
            shutil.rmtree(shell.folder / half / "submissions" / name)
    shell.run("merge", "one", "other", "--out", "merged")
    assert files_of(shell.folder / "merged") == files


def test_an_entry_that_answered_no_query_is_last_and_has_no_rank(scored):
    files, _ = scored
    entries = json.loads(files["board"]["leaderboard.json"])["entries"]
    (broken,) = (entry for entry in entries if entry["submission"] == "broken")
    assert entries[-1] == broken
    assert broken["rank"] is broken["rank_group"] is broken["first_probability"] is None
    assert broken["score"] == 0.0
    assert not broken["answered"]
    assert sorted(entry["rank"] for entry in entries[:-1]) == [1, 2, 3, 4]


def test_json_is_alone_on_stdout(scored, shell):
    files, _ = scored
    for words in (("rank",), ("leaderboard",)):
        done = shell.run(*words, "out", "--json")
        assert json.loads(done.stdout) == json.loads(files["board"]["leaderboard.json"])
        assert "pages: out/leaderboard/index.html" in done.stderr
    status = json.loads(shell.run("status", "out", "--json").stdout)
    assert {each["state"] for each in status["submissions"]} == {"done", "refused"}

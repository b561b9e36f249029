"""Answers in parts through the organiser's run: sharded, resumed, merged."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from zcnas.errors import ResultsError
from zcnas.isolation.process import ProcessIsolation
from zcnas.isolation.program import stage_worker
from zcnas.judging.judge import judge
from zcnas.organiser.competition import Competition, host, load_halves
from zcnas.organiser.competition import run as competition_run
from zcnas.organiser.competition.division import PartNumber
from zcnas.organiser.costs import COSTS_FILE, read_costs
from zcnas.organiser.results.contest import read_contest
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.organiser.results.merging import merge, outstanding
from zcnas.organiser.results.status import status_of
from zcnas.phases import load_phase
from zcnas.words.combined import read_combined, read_outcomes
from zcnas.words.resources import package_file
from zcnas.words.result_files import ResultFiles

KEY = "nasbench201_cifar10"
COSTS = read_costs(package_file(COSTS_FILE))
RANKS = """
class ZeroCostPredictor:
    def query(self, graph): ...
    def combine(self, answers): ...
"""
"""What the light worker answers for: it runs nothing of it."""


def stage(target, plugins=()):
    """Return the folder that workers are started from, with a light worker in it."""
    stage_worker(target, plugins)
    shutil.copyfile(Path(__file__).parent / "light_worker.py", target / "worker.py")
    (target / "asked").touch()
    (target / "pace").write_text("0")
    return target


@pytest.fixture
def run(light_phase, tmp_path, monkeypatch):
    """A function that runs the ranks, and one plain submission, into a folder by light workers."""
    monkeypatch.setattr(competition_run, "stage_worker", stage)
    for module in (competition_run, host):
        monkeypatch.setattr(module, "digest_of", lambda folder: "light")
    for name in ("grace", "mary"):
        shutil.rmtree(tmp_path / "submissions" / name)
    folder = tmp_path / "submissions" / "ranks"
    folder.mkdir()
    (folder / "predictor.py").write_text(RANKS)
    phase = load_phase(light_phase / "phases.toml", "practice").only([KEY])
    halves = load_halves(phase, light_phase / "in", light_phase / "ref", None)

    def start(out, shard=None, part=None):
        competition = Competition(
            phase,
            halves if part is None else load_halves(phase, light_phase / "in", None, None),
            ProcessIsolation(),
            [0],
            tmp_path / out,
            shard=shard,
            part=part and (part, COSTS),
        )
        competition.run([folder, tmp_path / "submissions" / "ada"])
        return ResultsFolder(tmp_path / out)

    start.board = lambda results: judge(read_contest(results, phase, halves.references))
    return start


def files_of(results, name="ranks"):
    return ResultFiles(results.folder_of(name), KEY)


def entry_of(run, results):
    board = run.board(results).leaderboard
    return next(each for each in board.entries if each.submission == "ranks")


def test_shards_resumption_and_a_merge_give_the_same_scores(run, tmp_path):
    whole = run("whole")
    expected = {each.id: each.value for each in read_outcomes(files_of(whole))}
    tau = entry_of(run, whole).score
    assert not files_of(whole, "ada").combined.exists()

    sharded = run("sharded", shard=4)
    assert read_combined(files_of(sharded)).scores == read_combined(files_of(whole)).scores

    # Two halves: neither has combined what they have together.
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, kept in ((one, slice(0, 9)), (other, slice(6, 15))):
        shutil.copytree(whole.path, folder)
        path = ResultFiles(folder / "submissions" / "ranks", KEY).predictions
        path.write_text("".join(path.read_text().splitlines(keepends=True)[kept]))
    files_of(ResultsFolder(other)).combined.unlink()
    ResultFiles(one / "submissions" / "ranks", KEY).combined.unlink()
    merged = merge([one, other], tmp_path / "merged")
    assert outstanding(merged) == [("ranks", KEY)]
    assert (
        "15 answers of nasbench201_cifar10 have not been combined" in entry_of(run, merged).message
    )
    status = next(each for each in status_of(merged).submissions if each.name == "ranks")
    assert (status.state, status.reason) == (
        "waiting",
        "answers wait to be combined: nasbench201_cifar10",
    )

    resumes_with_nothing_but_combining(run, merged)
    assert {each.id: each.value for each in read_outcomes(files_of(merged))} == expected
    assert entry_of(run, merged).score == tau


def resumes_with_nothing_but_combining(run, merged):
    before = files_of(merged).predictions.read_bytes()
    resumed = run(merged.path.name)
    assert sorted(files_of(resumed).predictions.read_bytes().splitlines()) == sorted(
        before.splitlines()
    )
    events = [json.loads(line) for line in (merged.path / "events.jsonl").read_text().splitlines()]
    assert [each["units"] for each in events if each["event"] == "job_started"] == [1]
    assert outstanding(merged) == []


def test_parts_that_share_nothing_leave_combining_to_the_run_that_has_all_answers(run, tmp_path):
    expected = {each.id: each.value for each in read_outcomes(files_of(run("whole")))}
    parts = [run(f"part-{n}", shard=4, part=PartNumber(n, 3)) for n in (1, 2, 3)]
    assert not any(files_of(part).combined.exists() for part in parts)
    merged = merge([part.path for part in parts], tmp_path / "merged")
    assert outstanding(merged) == [("ranks", KEY)]
    resumes_with_nothing_but_combining(run, merged)
    assert {each.id: each.value for each in read_outcomes(files_of(merged))} == expected


def test_a_merge_keeps_the_scores_that_were_made_of_all_answers(run, tmp_path):
    whole = run("whole")
    part = tmp_path / "part"
    shutil.copytree(whole.path, part)
    path = ResultFiles(part / "submissions" / "ranks", KEY).predictions
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:5]))
    merged = merge([part, whole.path], tmp_path / "merged")
    assert outstanding(merged) == []
    assert read_combined(files_of(merged)) == read_combined(files_of(whole))


def test_a_merge_of_other_combined_scores_is_refused(run, tmp_path):
    whole = run("whole")
    other = tmp_path / "other"
    shutil.copytree(whole.path, other)
    path = ResultFiles(other / "submissions" / "ranks", KEY).combined
    combined = read_combined(files_of(whole))
    changed = msgspec.structs.replace(
        combined, scores={key: -float(value) for key, value in combined.scores.items()}
    )
    path.write_bytes(msgspec.json.encode(changed))
    with pytest.raises(ResultsError, match="has other combined scores of nasbench201_cifar10"):
        merge([whole.path, other], tmp_path / "merged")

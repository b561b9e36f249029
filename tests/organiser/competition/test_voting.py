"""The derived row of the vote, on a folder as a run leaves it."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from scipy import stats

from tests.boards import board_of
from zcnas.errors import ResultsError
from zcnas.organiser.results.folder import (
    SUBMISSION,
    BenchmarkBinding,
    ResultsFolder,
    RunRecord,
    SubmissionRecord,
)
from zcnas.organiser.results.merging import merge
from zcnas.organiser.results.voting import enter_vote
from zcnas.phases import load_phase
from zcnas.tables.vote import VOTERS, vote
from zcnas.words.records import (
    Manifest,
    OrganiserManifest,
    Prediction,
    PublicManifest,
    read_predictions,
    read_reference,
    write_json,
)

KEY = "nasbench201_cifar10"


@pytest.fixture
def reference(repository):
    return read_reference(repository / "reference_data" / "practice" / f"{KEY}.json")


@pytest.fixture
def phase(repository):
    return load_phase(repository / "reference_data" / "phases.toml", "practice").only([KEY])


@pytest.fixture
def results(tmp_path, phase, reference):
    """A finished run of the three voters: every seventh is snip's failure, the first failed all."""
    binding = BenchmarkBinding(
        input_sha256="0", minibatch_sha256="0", data_source="images", limits=phase.limits,
        architectures=len(reference.accuracies),
    )  # fmt: skip
    run = RunRecord(
        phase="practice", isolation="process", isolation_description="", program_sha256="",
        image="", benchmarks={KEY: binding},
    )  # fmt: skip
    folder = ResultsFolder(tmp_path / "out")
    folder.bind(run)
    for position, name in enumerate(sorted(VOTERS)):
        record = SubmissionRecord(name=name, sha256=name, refusal="", position=position)
        write_json(folder.folder_of(name) / SUBMISSION, record)
        write_predictions(folder, name, scores_of(name, reference))
        write_json(folder.folder_of(name) / f"{KEY}.manifest.json", manifest_of(name))
    return folder


def manifest_of(name):
    return Manifest(
        public=PublicManifest(
            benchmark=KEY, submission=name, submission_sha256=name, method=name, isolation="",
            data_source="images", batch_size=64, architectures=100, limits={}, versions={},
            cpu_model="", setup_status="ok", setup_message="", start_up_s=0.0, setup_wall_s=1.0,
            worker_starts=1, wall_time_s=50.0, cpu_time_s=25.0,
        ),
        organiser=OrganiserManifest(
            eval_seed=0, input_sha256="0", cpu=0, image="", started_at=""
        ),
    )  # fmt: skip


def scores_of(name, reference):
    factor = {"synflow": 37, "jacov": 53, "snip": 71}[name]
    scores = {
        token: float(index * factor % 101) for index, token in enumerate(reference.accuracies)
    }
    for index, token in enumerate(reference.accuracies):
        if index == 0 or (name == "snip" and index % 7 == 0):
            scores[token] = None
    return scores


def write_predictions(folder, name, scores):
    lines = [
        Prediction(
            id=token,
            status="error" if score is None else "ok",
            score=score,
            cpu_time_s=0.25,
            wall_time_s=0.5,
        )
        for token, score in scores.items()
    ]
    path = folder.folder_of(name) / f"{KEY}.predictions.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def test_the_row_is_the_majority_of_the_three_and_marked_as_derived(results, phase, reference):
    enter_vote(results)
    entries = {e.submission: e for e in board_of(results, phase, {KEY: reference}).entries}
    row = entries["vote"]
    columns = {name: list(scores_of(name, reference).values()) for name in VOTERS}
    votes = vote(columns)
    assert min(votes) == votes[0]  # nobody scored it: it is below all others in either reading
    assert votes.count(votes[0]) == 1
    accuracies = list(reference.accuracies.values())
    assert row.score == pytest.approx(stats.kendalltau(votes, accuracies).statistic, abs=1e-12)
    assert row.baseline
    assert row.method == "derived from the scores of synflow, jacov, snip: pairwise majority"
    assert row.sha256 == ""
    assert row.failures == {"error": 1}
    assert row.cpu_time_s == 3 * entries["snip"].cpu_time_s == 75.0
    assert not any(entries[name].baseline for name in VOTERS)


def test_entering_it_again_follows_changed_predictions(results, phase, reference):
    enter_vote(results)
    path = results.folder_of("vote") / f"{KEY}.predictions.jsonl"
    before = path.read_bytes()
    enter_vote(results)
    assert path.read_bytes() == before
    for name in VOTERS:
        write_predictions(results, name, dict(reference.accuracies))
    enter_vote(results)
    entries = board_of(results, phase, {KEY: reference}).entries
    assert [e.score for e in entries] == [pytest.approx(1.0)] * 4
    assert sum(record.name == "vote" for record in results.submissions()) == 1


def test_a_missing_or_unfinished_voter_is_named(results):
    path = results.folder_of("snip") / f"{KEY}.predictions.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-2]))
    with pytest.raises(ResultsError, match=r"snip.*has 98 of 100 architectures; repeat the"):
        enter_vote(results)
    (results.folder_of("snip") / SUBMISSION).unlink()
    with pytest.raises(ResultsError, match=r"has no snip; score them first"):
        enter_vote(results)
    with pytest.raises(ResultsError, match="holds no run"):
        enter_vote(ResultsFolder(results.path / "nowhere"))


def test_a_submission_of_that_name_is_not_overwritten(results):
    record = SubmissionRecord(name="vote", sha256="a", refusal="", position=3)
    write_json(results.folder_of("vote") / SUBMISSION, record)
    with pytest.raises(ResultsError, match="is called 'vote'; rename it"):
        enter_vote(results)


def test_a_merge_leaves_what_is_derived_behind(results, tmp_path):
    enter_vote(results)
    merged = merge([results.path], tmp_path / "merged")
    assert [record.name for record in merged.submissions()] == sorted(VOTERS)


def test_the_command_enters_it_and_a_later_ranking_keeps_it(results):
    program = Path(sys.executable).parent / "zcnas"
    for words in (["--vote"], []):
        done = subprocess.run(
            [program, "rank", results.path, *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        board = json.loads((results.path / "leaderboard.json").read_text())
        row = next(entry for entry in board["entries"] if entry["submission"] == "vote")
        assert row["baseline"]
    assert len(read_predictions(results.folder_of("vote") / f"{KEY}.predictions.jsonl")) == 100

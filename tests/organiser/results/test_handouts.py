"""Every file and field a participant may receive, and what an oracle attack makes of them."""

import json
import math

import pytest

from zcnas.errors import OrganiserError
from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.judging.score import score_benchmark
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.organiser.results.handouts import hand_out
from zcnas.words.feedback import FEEDBACK
from zcnas.words.records import (
    Manifest,
    OrganiserManifest,
    Prediction,
    PublicManifest,
    Reference,
    write_json,
)

KEY = "nasbench201_cifar10"
N = 100
TRUTH = {f"{number:08x}": 90.0 - number / 10 for number in range(N)}
"""The architecture of rank r, 0 for the best, has the token r."""

RECEIVED = {
    "none": {"result.json": {"submission", "sha256", "status", "refusal"}},
    "score_only": {
        "result.json": {
            *("submission", "sha256", "status", "refusal", "method", "track", "rank", "score"),
            *("kendall_tau", "failures", "wall_time_s", "cpu_time_s"),
        },
        f"{KEY}.manifest.json": {
            *("benchmark", "submission", "submission_sha256", "method", "isolation"),
            *("data_source", "batch_size", "architectures", "limits", "versions", "bounds"),
            *("cpu_model", "setup_status", "start_up_s", "setup_wall_s", "worker_starts"),
            *("wall_time_s", "cpu_time_s", "combines", "track"),
        },
    },
}
RECEIVED["full"] = {
    "result.json": {*RECEIVED["score_only"]["result.json"], "message"},
    f"{KEY}.manifest.json": {*RECEIVED["score_only"][f"{KEY}.manifest.json"], "setup_message"},
    f"{KEY}.predictions.jsonl": {
        *("id", "status", "score", "wall_time_s", "cpu_time_s", "peak_memory_mb", "message"),
    },
    f"{KEY}.log": None,
}
SECRETS = {
    "seed": "424242",
    "order": "0000002a",
    "traceback": "Traceback (most recent call last)",
    "setup text": "raised while loading",
    "message of an architecture": "ValueError: not this one",
    "image": "zcnas-worker:secret",
    "tau": "0.123456789",
    "rounded tau": "0.123",
}
"""What a level gives away, by a text that stands for it in the results below."""


def write_run(folder, entry, predictions):
    public = PublicManifest(
        benchmark=KEY,
        submission=entry.submission,
        submission_sha256="ab" * 32,
        method="m",
        isolation="docker",
        data_source="synthetic",
        batch_size=4,
        architectures=N,
        limits={"query_cpu_s": 1},
        versions={"zcnas": "1"},
        cpu_model="cpu",
        setup_status="ok",
        setup_message=SECRETS["setup text"],
        start_up_s=1.0,
        setup_wall_s=1.0,
        worker_starts=1,
        wall_time_s=1.0,
        cpu_time_s=1.0,
    )
    organiser = OrganiserManifest(
        eval_seed=424242, input_sha256="0" * 64, cpu=3, image=SECRETS["image"], started_at="now"
    )
    target = folder / "submissions" / entry.submission
    write_json(target / f"{KEY}.manifest.json", Manifest(public=public, organiser=organiser))
    write_json(target / "scores.json", {"score": entry.score})
    (target / f"{KEY}.log").write_text(SECRETS["traceback"])
    write_json(
        folder / "leaderboard.json",
        Leaderboard(
            phase="development",
            title="t",
            isolation="docker",
            data_sources={},
            accuracy_sources={},
            benchmarks=(KEY,),
            entries=(entry,),
        ),
    )
    import msgspec

    lines = b"".join(msgspec.json.encode(line) + b"\n" for line in predictions)
    (target / f"{KEY}.predictions.jsonl").write_bytes(lines)
    return ResultsFolder(folder)


def entry_with(tau, **more):
    values = {
        "rank": 1,
        "submission": "mine",
        "method": "m",
        "score": tau,
        "kendall_tau": {} if tau is None else {KEY: tau},
        "status": "scored",
        "failures": {"error": 1},
        "wall_time_s": 1.0,
        "cpu_time_s": 1.0,
        "sha256": "ab" * 32,
    }
    return Entry(**{**values, **more})


@pytest.fixture
def results(tmp_path):
    predictions = [
        Prediction(id="0000002a", status="ok", score=1.5),
        Prediction(id="0000002b", status="error", message="ValueError: not this one"),
    ]
    return write_run(tmp_path / "run", entry_with(0.123456789), predictions)


def fields_of(path):
    if path.suffix == ".log":
        return None
    lines = path.read_text().splitlines()
    return set(json.loads(lines[-1] if path.suffix == ".jsonl" else path.read_text()))


@pytest.mark.parametrize("level", RECEIVED)
def test_a_participant_receives_exactly_these_files_and_fields(results, tmp_path, level):
    (folder,) = hand_out(results, FEEDBACK[level], tmp_path / "out")
    received = {path.name: fields_of(path) for path in folder.rglob("*") if path.is_file()}
    assert received == RECEIVED[level]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("level", "given_away"),
    [
        ("none", set()),
        ("score_only", {"rounded tau"}),
        (
            "full",
            {
                *("order", "traceback", "setup text", "message of an architecture"),
                *("tau", "rounded tau"),
            },
        ),
    ],
)
def test_each_level_gives_away_this_and_nothing_else(results, tmp_path, level, given_away):
    (folder,) = hand_out(results, FEEDBACK[level], tmp_path / "out")
    text = "".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    assert {name for name, secret in SECRETS.items() if secret in text} == given_away


@pytest.mark.parametrize("level", RECEIVED)
def test_a_refusal_is_told_at_every_level(tmp_path, level):
    refused = entry_with(0.0, status="invalid_submission", message="no predictor.py", sha256="")
    (folder,) = hand_out(
        write_run(tmp_path / "run", refused, []), FEEDBACK[level], tmp_path / "out"
    )
    told = json.loads((folder / "result.json").read_text())
    assert (told["status"], told["refusal"]) == ("invalid_submission", "no predictor.py")


def test_where_scores_are_hidden_every_run_looks_alike(tmp_path):
    texts = []
    for number, entry in enumerate(
        (
            entry_with(0.9, failures={}),
            entry_with(0.0, failures={"error": 100}),
            entry_with(None, rank=None, status="organiser_error", message="disk full"),
        )
    ):
        run = write_run(tmp_path / f"run{number}", entry, [])
        (folder,) = hand_out(run, FEEDBACK["none"], tmp_path / f"out{number}")
        texts.append((folder / "result.json").read_text())
    assert len(set(texts)) == 1


def test_lines_are_ordered_by_their_ids_and_not_by_when_they_were_asked(tmp_path):
    asked = [Prediction(id=f"{n:08x}", status="ok", score=1.0) for n in (7, 2, 9, 1)]
    run = write_run(tmp_path / "run", entry_with(0.5), asked)
    (folder,) = hand_out(run, FEEDBACK["full"], tmp_path / "out")
    lines = (folder / f"{KEY}.predictions.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"{n:08x}" for n in (1, 2, 7, 9)]


def test_a_folder_that_holds_something_is_not_added_to(results, tmp_path):
    hand_out(results, FEEDBACK["full"], tmp_path / "out")
    with pytest.raises(OrganiserError, match="is not empty; name another folder"):
        hand_out(results, FEEDBACK["none"], tmp_path / "out")


def oracle(tmp_path, token, level):
    """One valid score, all others failed: what the participant reads of tau, or None."""
    predictions = [
        Prediction(id=other, status="ok", score=1.0)
        if other == token
        else Prediction(id=other, status="error", message="no")
        for other in TRUTH
    ]
    reference = Reference(
        benchmark=KEY,
        metric="m",
        unit="u",
        source="s",
        version="1",
        table_sha256="0" * 64,
        accuracies=TRUTH,
    )
    tau = score_benchmark(predictions, reference, 0.0).tau
    run = write_run(tmp_path / f"run-{level}-{token}", entry_with(tau), predictions)
    (folder,) = hand_out(run, FEEDBACK[level], tmp_path / f"out-{level}-{token}")
    told = json.loads((folder / "result.json").read_text())
    return told.get("kendall_tau", {}).get(KEY)


def candidates(told, decimals):
    """Return the ranks that would be told the same, by the formula of tau-b.

    The valid architecture wins against the N−1−r worse ones and loses against the r better ones;
    all other pairs are tied in the scores: tau-b = (N−1−2r) / √(N(N−1)/2 · (N−1)).
    """
    norm = math.sqrt(N * (N - 1) / 2 * (N - 1))
    taus = [(N - 1 - 2 * rank) / norm for rank in range(N)]
    if told is None:
        return list(range(N))
    if decimals is None:
        return [rank for rank, tau in enumerate(taus) if math.isclose(tau, told, abs_tol=1e-12)]
    return [rank for rank, tau in enumerate(taus) if round(tau, decimals) == told]


@pytest.mark.parametrize(
    ("level", "decimals", "known"), [("full", None, 1), ("score_only", 3, 1), ("none", None, N)]
)
def test_what_an_oracle_attack_learns_of_one_architecture(tmp_path, level, decimals, known):
    """With N = 100 two ranks differ by 0.0029 in tau, so three decimals still tell them apart."""
    for token in ("00000000", "0000001d", "00000063"):
        ranks = candidates(oracle(tmp_path, token, level), decimals)
        assert len(ranks) == known
        assert int(token, 16) in ranks


@pytest.mark.parametrize(("level", "order_known"), [("score_only", True), ("none", False)])
def test_a_repeated_oracle_attack_learns_the_whole_order_unless_nothing_is_told(
    tmp_path, level, order_known
):
    """Why submissions per day are limited, and why the final phase says nothing and draws anew."""
    asked = [f"{rank:08x}" for rank in (70, 3, 41, 99, 12)]
    told = {token: oracle(tmp_path, token, level) for token in asked}
    if order_known:
        assert sorted(told, key=lambda token: -told[token]) == sorted(asked)
    else:
        assert set(told.values()) == {None}

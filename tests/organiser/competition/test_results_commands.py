"""``zcnas status``, ``rank`` and ``merge`` on folders that real runs have written."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.boards import board_of
from tests.patience import WAIT_S, wait_until
from zcnas.errors import ResultsError
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.organiser.results.merging import merge
from zcnas.organiser.results.status import status_of
from zcnas.phases import load_phase
from zcnas.words.records import read_predictions, read_reference

from .conftest import KEYS, outcome

ZCNAS = Path(sys.executable).parent / "zcnas"


@pytest.fixture
def phase(light_phase):
    return load_phase(light_phase / "phases.toml", "practice").only(list(KEYS))


@pytest.fixture
def references(light_phase):
    return {key: read_reference(light_phase / "ref" / f"{key}.json") for key in KEYS}


@pytest.fixture
def finished(light_run, tmp_path):
    """The folder of a finished run."""
    process = light_run(tmp_path / "out")
    _, errors = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, errors
    return tmp_path / "out"


def scores(board):
    return [(entry.rank, entry.submission, entry.score) for entry in board.entries]


def test_ranking_again_gives_the_same_leaderboard_and_runs_nothing(finished, phase, references):
    before = board_of(ResultsFolder(finished), phase, references)
    assert board_of(ResultsFolder(finished), phase, references) == before


def test_ranking_again_follows_another_failure_rule_and_changed_predictions(
    finished, phase, references
):
    path = finished / "submissions" / "ada" / f"{KEYS[0]}.predictions.jsonl"
    failed = [{"id": p.id, "status": "error", "score": None} for p in read_predictions(path)]
    path.write_text("".join(json.dumps(line) + "\n" for line in failed))
    results = ResultsFolder(finished)

    def tau(failure_tau):
        rule = msgspec.structs.replace(phase, failure_tau=failure_tau)
        entries = board_of(results, rule, references).entries
        (ada,) = (entry for entry in entries if entry.submission == "ada")
        assert ada.failures == {"error": 15}
        return ada.kendall_tau[KEYS[0]]

    assert [tau(0.0), tau(-1.0), tau(0.0)] == [0.0, -1.0, 0.0]


def test_predictions_changed_in_place_are_counted_again_though_size_and_time_are_the_same(
    finished, phase, references
):
    path = finished / "submissions" / "ada" / f"{KEYS[0]}.predictions.jsonl"
    results = ResultsFolder(finished)

    def taus():
        entries = board_of(results, phase, references).entries
        return {entry.submission: entry.kendall_tau[KEYS[0]] for entry in entries}

    before, stat = taus(), path.stat()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    truth = references[KEYS[0]].accuracies
    scores = sorted(line["score"] for line in lines)
    lines.sort(key=lambda line: truth[line["id"]])
    path.write_text(
        "".join(
            json.dumps({**line, "score": score}, separators=(",", ":")) + "\n"
            for line, score in zip(lines, scores, strict=True)
        )
    )
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)
    assert before["ada"] < 1.0
    assert taus() == {**before, "ada": 1.0}, "the scores now stand in the order of the truth"


def test_a_submission_that_is_not_finished_has_no_score_and_says_so(finished, phase, references):
    path = finished / "submissions" / "ada" / f"{KEYS[0]}.predictions.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-2]))
    board = board_of(ResultsFolder(finished), phase, references)
    assert board.entries[-1].submission == "ada"
    assert board.entries[-1].score is None
    assert "not finished: 2 architectures are missing" in board.entries[-1].message


def test_two_halves_of_a_run_merge_into_the_whole(finished, phase, references, tmp_path):
    whole = scores(board_of(ResultsFolder(finished), phase, references))
    one, other = tmp_path / "one", tmp_path / "other"
    shutil.copytree(finished, one)
    shutil.copytree(finished, other)
    shutil.rmtree(one / "submissions" / "grace")
    shutil.rmtree(other / "submissions" / "ada")
    for folder, kept in ((one, slice(0, 9)), (other, slice(6, 15))):  # three are in both
        path = folder / "submissions" / "mary" / f"{KEYS[0]}.predictions.jsonl"
        path.write_text("".join(path.read_text().splitlines(keepends=True)[kept]))
    merged = merge([one, other], tmp_path / "merged")
    assert scores(board_of(merged, phase, references)) == whole
    lines = read_predictions(
        tmp_path / "merged" / "submissions" / "mary" / f"{KEYS[0]}.predictions.jsonl"
    )
    assert len(lines) == 15


def test_a_merge_of_what_does_not_agree_is_refused(finished, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(finished, other)
    path = other / "submissions" / "mary" / f"{KEYS[0]}.predictions.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[3]["score"] += 1
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(ResultsError, match="CPUs of different kinds"):
        merge([finished, other], tmp_path / "a")
    run = json.loads((other / "run.json").read_text())
    run["benchmarks"][KEYS[0]]["limits"]["memory_mb"] = 1
    (other / "run.json").write_text(json.dumps(run))
    with pytest.raises(ResultsError, match="memory_mb was 4096 there and is 1 now"):
        merge([finished, other], tmp_path / "b")
    with pytest.raises(ResultsError, match="is not empty"):
        merge([finished], other)
    record = json.loads((finished / "submissions" / "ada" / "submission.json").read_text())
    third = tmp_path / "third"
    shutil.copytree(finished, third)
    (third / "submissions" / "ada" / "submission.json").write_text(
        json.dumps({**record, "sha256": "0" * 64})
    )
    with pytest.raises(ResultsError, match="has the content"):
        merge([finished, third], tmp_path / "c")


def test_status_tells_running_from_done_and_a_dead_run_from_a_living_one(light_run, tmp_path):
    out = tmp_path / "out"
    process = light_run(out, SHARD="5", SECONDS_PER_QUERY="0.2")
    results = ResultsFolder(out)
    seen = set()

    def has_seen_both():
        if (out / "run.json").exists():
            status = status_of(results)
            seen.update((each.state, status.active) for each in status.submissions)
        return {("running", True), ("done", True)} <= seen

    wait_until(lambda: has_seen_both() or process.poll() is not None, "no progress")
    process.kill()
    process.communicate()
    assert has_seen_both()
    dead = status_of(results)
    assert not dead.active
    states = [each.state for each in dead.submissions]
    assert "running" not in states
    assert dead.last_event
    left = [each for each in dead.submissions if each.state == "waiting"]
    assert all(each.architectures < each.of == 30 for each in left)


def test_the_commands_speak_and_end_with_the_right_codes(finished, tmp_path):
    def run(*words):
        done = subprocess.run(
            [ZCNAS, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    code, said = run("status", "out")
    assert code == 0
    assert "practice: no command is working on it; 90 of 90 architectures" in said
    assert "grace: done, 30/30" in said
    code, said = run("status", "out", "--json")
    assert json.loads(said)["submissions"][0]["state"] == "done"
    assert run("status", "nowhere") == (
        2,
        "error: nowhere holds no run; name the folder of one",
    )
    assert run("merge", "out", "--out", "joined")[0] == 0
    found = outcome(finished)
    joined = outcome_without_ranking(tmp_path / "joined")
    assert joined == {key: value for key, value in found.items() if key in joined}
    assert run("rank", "nowhere")[0] == 2


def test_a_full_disk_is_a_message_with_the_next_step_and_a_fault_of_this_machine(
    finished, small_disk
):
    if not small_disk.is_mount():
        pytest.skip("this user cannot mount a small disk")
    with (
        contextlib.suppress(OSError),
        (small_disk / "filler").open("wb", buffering=0) as file,
    ):
        while True:
            file.write(bytes(4096))
    done = subprocess.run(
        [ZCNAS, "merge", finished, "--out", small_disk / "joined"],
        capture_output=True,
        text=True,
        check=False,
    )
    said = " ".join(done.stderr.split())
    assert done.returncode == 3
    assert said.startswith("error: No space left on device")
    assert said.endswith("make room, or name another --out, then repeat the command to resume")


def test_other_errors_of_the_system_are_not_taken_for_a_full_disk(monkeypatch, capsys):
    import zcnas.organiser.cli.main

    def fail(**_):
        raise NotADirectoryError(20, "Not a directory")

    monkeypatch.setattr(zcnas.organiser.cli.main, "app", fail)
    with pytest.raises(SystemExit) as end:
        zcnas.organiser.cli.main.main()
    assert end.value.code == 2
    assert "error: Not a directory; correct the path" in capsys.readouterr().err


def outcome_without_ranking(out):
    (out / "leaderboard.json").write_text('{"entries": []}')
    found = outcome(out)
    del found["ranking"]
    assert found
    return found

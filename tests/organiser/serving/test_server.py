"""A server as a process: a zip in, a board and an answer out; killed at any moment."""

import contextlib
import dataclasses
import json
import random
import signal
import subprocess
import time
from collections import Counter

import pytest

from tests.patience import WAIT_S, wait_until
from zcnas.organiser.serving import decisions
from zcnas.organiser.serving.boards import Boards
from zcnas.organiser.serving.runs import Runs
from zcnas.organiser.serving.store import Store

from .conftest import PREDICTOR, drop, zipped


def states(store):
    return Counter(attempt.state for attempt in store.attempts())


def scored_everything(store):
    """Whether every run has a score that is committed."""
    attempts, runs = store.attempts(), store.runs()
    return (
        bool(attempts)
        and all(attempt.state in ("scored", "refused") for attempt in attempts)
        and all(run.score is not None for run in runs)
    )


def board(layout):
    """Return the names on the board."""
    record = json.loads((layout.results("practice", 1) / "leaderboard.json").read_text())
    return [entry["submission"] for entry in record["entries"]]


def test_a_zip_becomes_a_row_of_the_board_and_an_answer_in_the_teams_own_folder(
    light_server, layout, store
):
    drop(layout, "ada", "mine.zip")
    drop(layout, "grace", "broken.zip", zipped("class Other: pass\n"))
    (layout.inbox / "grace" / "notes.txt").write_text("hello")
    server = light_server()
    wait_until(lambda: scored_everything(store), "the attempt is not scored")
    first, second = store.attempts()
    assert (first.name, first.state, second.state) == ("ada-1", "scored", "refused")
    (run,) = store.runs()
    columns = json.loads(run.scores)
    assert run.score == columns["score"]
    assert set(columns) >= {"score", "nasbench201_cifar10", "failed", "duration"}
    assert run.machine
    assert run.program
    board = layout.results("practice", 1) / "leaderboard.json"
    (entry,) = json.loads(board.read_text())["entries"]
    assert (entry["submission"], entry["team"], entry["score"]) == ("ada-1", "ada", run.score)
    assert "ada-1" in (layout.site("practice") / "index.html").read_text()
    own = layout.outbox / "ada" / "ada-1"
    assert json.loads((own / "result.json").read_text())["rank"] == 1
    assert (own / "nasbench201_cifar10.predictions.jsonl").is_file(), "feedback is full"
    assert (own / "page.html").is_file()

    def answer(team):
        return (layout.outbox / team / "answers.txt").read_text()

    wait_until(lambda: f"score {run.score:.4f}" in answer("ada"), "the team is not told its score")
    assert "predictor.py does not define a class ZeroCostPredictor" in answer("grace")
    assert "notes.txt: a file that is not a zip" in answer("grace")
    assert "999 left today" in answer("ada")
    assert [path.name for path in layout.inbox.rglob("*") if path.is_file()] == ["notes.txt"]
    queue = json.loads((layout.public / "queue.json").read_text())
    assert queue == {"running": [], "waiting": [], "paused": None}
    server.send_signal(signal.SIGINT)
    server.wait(WAIT_S)


def test_one_query_per_architecture_is_asked_although_the_server_is_killed(
    light_server, layout, store, tmp_path
):
    check_kills(light_server, layout, store, tmp_path, kills=4)


@pytest.mark.slow
def test_20_kills_at_random_moments_lose_nothing_and_run_nothing_twice(
    light_server, layout, store, tmp_path
):
    check_kills(light_server, layout, store, tmp_path, kills=20)


def check_kills(light_server, layout, store, tmp_path, kills):
    """Kill a server again and again while files arrive; then compare what was asked with what is
    known.

    A query that was under way when the server died is asked again, as `zcnas score` does: that is
    one per kill and running job at most, and never of an architecture that was done.
    """
    generator = random.Random(kills)
    asked = tmp_path / "asked"
    dropped, accepted, killed_at_work = 0, set(), 0
    for _ in range(kills):
        server = light_server(SECONDS_PER_QUERY="0.04")
        for _ in range(generator.randint(1, 2)):
            dropped += 1
            drop(layout, f"team{dropped % 3}", f"{dropped}.zip", zipped(PREDICTOR.format(dropped)))
        if generator.random() < 0.75:
            wait_until(lambda: store.attempts("running"), "nothing is run")
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(generator.uniform(0, 4))
        known = {attempt.number for attempt in store.attempts()}
        assert accepted <= known, "an accepted attempt is lost"
        accepted = known
        killed_at_work += bool(store.attempts("running"))
        server.send_signal(signal.SIGKILL)
        server.wait()
    server = light_server(SECONDS_PER_QUERY="0")
    wait_until(
        lambda: len(store.attempts()) == dropped and scored_everything(store),
        f"{states(store)} of {dropped}",
    )
    assert states(store) == {"scored": dropped}, "none came twice"
    assert len(store.runs()) == dropped, "no attempt has a second run"
    assert killed_at_work, "some kills came while attempts were running"
    queries = Counter(asked.read_text().splitlines())
    assert len(queries) == dropped * 30, "every architecture of every attempt was asked for"
    again = queries.total() - len(queries)
    assert again <= 2 * kills, "at most what was under way at a kill is asked again"
    for path in layout.private.glob("runs/*/submissions/*/*.predictions.jsonl"):
        ids = [json.loads(line)["id"] for line in path.read_text().splitlines()]
        assert len(ids) == len(set(ids)) == 15
    board = json.loads((layout.results("practice", 1) / "leaderboard.json").read_text())
    assert len(board["entries"]) == dropped
    server.kill()


def test_an_organisers_decisions_reach_a_server_that_runs(light_server, layout, store):
    other = Store(layout.database)
    other.pause("for the test")
    drop(layout, "ada", "one.zip")
    light_server(SECONDS_PER_QUERY="0.1")
    wait_until(lambda: store.attempts("waiting"), "nothing is taken")
    time.sleep(1)
    assert not store.runs(), "nothing starts while it is paused"
    other.resume()
    wait_until(lambda: store.attempts("running"), "nothing starts")
    decisions.cancel(other, 1)
    wait_until(lambda: store.runs()[0].ended_at, "the job is not stopped")
    assert store.runs()[0].fault == "stopped: the attempt is cancelled"
    decisions.requeue(other, 1)
    wait_until(lambda: scored_everything(store), "it does not resume")
    assert len(store.runs()) == 1
    decisions.disqualify(other, 1, "it is a copy")
    wait_until(lambda: "ada-1" not in board(layout), "it stays on the board")
    answer = layout.outbox / "ada" / "answers.txt"
    wait_until(lambda: "disqualified\n   - it is a copy" in answer.read_text(), "nobody is told")
    decisions.reinstate(other, 1)
    wait_until(lambda: "ada-1" in board(layout), "it does not come back")
    decisions.rerun_all(other, "practice")
    wait_until(lambda: len(store.runs()) == 2 and scored_everything(store), "it is not run again")
    one, two = store.runs()
    assert (one.generation, two.generation) == (1, 2)
    assert one.score == two.score
    assert (layout.results("practice", 1) / "leaderboard.json").is_file(), "the earlier board stays"
    other.close()


def test_an_attempt_put_back_before_its_job_has_ended_resumes_in_the_same_run(
    light_plan, layout, store, enter
):
    """Cancelled and requeued between two looks: once, a second job was started beside the first."""
    attempt = enter("ada")
    layout.archive(attempt.name).write_bytes(zipped())
    asleep = ("sh", "-c", "cat > /dev/null; exec sleep 60")
    runs = Runs(dataclasses.replace(light_plan, job=asleep, jobs=2), store, print)
    runs.start()
    decisions.cancel(store, attempt.number)
    decisions.requeue(store, attempt.number)
    runs.start()
    assert len(runs._jobs) == 1, "not beside the one that is about to end"
    runs.collect()
    assert not runs._jobs
    assert store.attempt(attempt.number).state == "waiting"
    (run,) = store.runs()
    assert not run.ended_at
    runs.start()
    assert [each.number for each in store.runs()] == [run.number], "it is the same run"
    runs.stop()


def test_a_board_whose_last_attempt_was_disqualified_while_no_server_ran_is_drawn_again(
    light_plan, layout, store
):
    results = layout.results("practice", 1)
    results.mkdir(parents=True)
    boards = Boards(light_plan, store, print)
    assert boards.is_idle, "there is no board yet"
    (results / "run.json").write_text("{}")
    assert not boards.is_idle

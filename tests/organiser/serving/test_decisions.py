"""What an organiser may decide, and when."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zcnas.errors import ServingError
from zcnas.organiser.serving import decisions
from zcnas.organiser.serving.decisions import FROM


@pytest.mark.parametrize("decision", FROM)
def test_a_decision_in_the_wrong_state_is_refused_with_the_right_ones(store, enter, decision):
    attempt = enter("ada", "refused")
    extra = ("why",) if decision == "disqualify" else ()
    with pytest.raises(ServingError, match=f"attempt 1 is refused; {decision} needs one that is"):
        getattr(decisions, decision)(store, attempt.number, *extra)
    assert store.attempts() == [attempt]


def test_a_run_that_failed_on_our_side_is_resumed_and_a_rerun_begins_anew(store, enter):
    attempt = enter("ada")
    run = store.begin_run(attempt)
    store.end_run(run.number, "the engine died")
    store.set_state(attempt.number, "failed")
    decisions.requeue(store, attempt.number)
    assert store.begin_run(attempt).number == run.number
    store.end_run(run.number)
    store.set_state(attempt.number, "scored")
    decisions.rerun(store, attempt.number)
    again = store.begin_run(attempt)
    assert again.number != run.number
    store.end_run(again.number)
    store.set_state(attempt.number, "scored")
    assert [(each.number, kept.number) for each, kept in store.standing_runs("practice")] == [
        (attempt.number, again.number)
    ]
    assert len(store.runs()) == 2, "both are kept"


def test_a_rerun_that_fails_leaves_the_earlier_result_out_until_it_is_requeued(store, enter):
    attempt = enter("ada")
    first = store.begin_run(attempt)
    store.end_run(first.number)
    store.set_state(attempt.number, "scored")
    decisions.rerun(store, attempt.number)
    second = store.begin_run(attempt)
    store.end_run(second.number, "no disk")
    store.set_state(attempt.number, "failed")
    assert store.standing_runs("practice") == []


def test_a_new_generation_starts_with_an_empty_board(store, enter):
    numbers = []
    under_way, failed = enter("c"), enter("d")
    old = store.begin_run(under_way)
    store.end_run(store.begin_run(failed).number, "other program")
    store.set_state(failed.number, "failed")
    for team in "ab":
        attempt = enter(team)
        numbers.append(attempt.number)
        store.end_run(store.begin_run(attempt).number)
        store.set_state(attempt.number, "scored")
    assert len(store.standing_runs("practice")) == 2
    decisions.rerun_all(store, "practice")
    assert store.standing_runs("practice") == []
    assert {each.state for each in store.attempts()} == {"waiting"}
    assert store.begin_run(store.attempt(numbers[0])).generation == 2
    new = store.begin_run(under_way)
    assert (new.generation, store.runs(under_way.number)[0].number) == (2, old.number)
    assert store.runs(under_way.number)[0].fault.startswith("superseded")
    assert len(store.runs(failed.number)) == 1
    with pytest.raises(ServingError, match="'final' has no attempt to run again"):
        decisions.rerun_all(store, "final")


@pytest.fixture
def zcnas(tmp_path):
    def run(*arguments):
        return subprocess.run(
            [Path(sys.executable).parent / "zcnas", *arguments],
            cwd=tmp_path, env={**os.environ, "COLUMNS": "200"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


def test_the_queue_on_a_terminal_and_as_json(zcnas, store, enter, layout):
    enter("ada", sha256="same")
    enter("eve", sha256="same")
    done = zcnas("queue", "--folder", "served")
    assert done.returncode == 0, done.stderr
    assert "no server is running; 0 running, 2 waiting, 2 attempts in all" in done.stdout
    assert "waiting place 2" in done.stdout
    assert "same content as ada" in done.stdout
    assert "chosen" not in done.stdout
    assert zcnas("queue", "--folder", "served", "choose", "2").stdout == "eve-2: chosen\n"
    assert "same content as ada; chosen" in zcnas("queue", "--folder", "served").stdout
    assert zcnas("queue", "--folder", "served", "cancel", "1").stdout == "ada-1: cancelled\n"
    told = json.loads(zcnas("queue", "--folder", "served", "--json").stdout)
    assert [each["state"] for each in told["attempts"]] == ["cancelled", "waiting"]
    assert [each["number"] for each in told["queue"]["waiting"]] == [2]
    assert told["chosen"] == [2]
    done = zcnas("queue", "disqualify", "9", "--why", "x", "--folder", "served")
    assert (done.returncode, "there is no attempt 9" in done.stderr) == (2, True)
    with layout.locked():
        assert "a server is running" in zcnas("queue", "--folder", "served").stdout

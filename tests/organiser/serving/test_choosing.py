"""Which attempt counts is the team's choice, as long as its phase is open."""

import dataclasses
import datetime
import os

import msgspec
import pytest

from zcnas.organiser.serving import decisions
from zcnas.organiser.serving.answers import ANSWERS, Answers
from zcnas.organiser.serving.boards import Boards
from zcnas.organiser.serving.choosing import Choices

NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def plan(light_plan):
    """The plan of a server of the small phase, in which teams choose."""
    (served,) = light_plan.phases
    phase = msgspec.structs.replace(served.phase, counts="chosen")
    return dataclasses.replace(light_plan, phases=[dataclasses.replace(served, phase=phase)])


@pytest.fixture
def choose(plan, store, layout):
    """A function that writes a team's choice, and returns what the team is told."""

    def choose(team, text):
        folder = layout.inbox / team
        folder.mkdir(exist_ok=True)
        (folder / "chosen.txt").write_text(text)
        Choices(plan, store, print).take()
        Answers(plan, store, print).write(NOW)
        return (layout.outbox / team / ANSWERS).read_text()

    return choose


def test_a_team_chooses_by_number_or_name_and_the_latest_choice_counts(choose, store, enter):
    enter("ada"), enter("ada"), enter("eve")
    assert "ada-1 counts, as you chose." in choose("ada", "1\n")
    assert store.chosen("practice") == {1}
    told = choose("ada", " ada-2 ")
    assert "ada-2 counts, as you chose." in told
    assert "2. mine.zip, received" in told
    assert told.count(", chosen") == 1
    assert "eve-3 counts, as you chose." in choose("eve", "3")
    assert store.chosen("practice") == {2, 3}
    decisions.choose(store, 1)
    assert store.chosen("practice") == {1, 3}, "an organiser's choice is one as well"


def test_a_choice_counts_once_so_a_restart_does_not_undo_a_later_one(choose, plan, store, enter):
    enter("ada"), enter("ada")
    choose("ada", "1")
    decisions.choose(store, 2)
    Choices(plan, store, print).take()
    assert store.chosen("practice") == {2}


def test_without_a_choice_the_last_counts_and_the_team_is_told_how_to_choose(
    choose, plan, store, enter, layout
):
    enter("ada"), enter("ada")
    Answers(plan, store, print).write(NOW)
    told = (layout.outbox / "ada" / ANSWERS).read_text()
    assert "ada-2 counts, your last; to choose another, write its number into chosen.txt" in told


@pytest.mark.parametrize("text", ["2", "eve-2", "9", "", "../eve/2", "1 2", "x" * 5000, "\x00"])
def test_what_is_not_one_of_the_teams_own_attempts_is_answered_in_words(choose, store, enter, text):
    enter("ada"), enter("eve"), enter("ada", "refused")
    told = choose("ada", text)
    assert "which is not one of your attempts that can count; write the number of one: 1" in told
    assert store.chosen("practice") == set()


def test_a_choice_after_the_end_of_the_phase_does_not_count(plan, store, enter, layout, choose):
    (served,) = plan.phases
    enter("ada"), enter("ada")
    choose("ada", "1")
    over = msgspec.structs.replace(served.settings, end=datetime.datetime(2021, 1, 1))
    late = dataclasses.replace(plan, phases=[dataclasses.replace(served, settings=over)])
    (layout.inbox / "ada" / "chosen.txt").write_text("2")
    Choices(late, store, print).take()
    assert store.chosen("practice") == {1}
    Answers(late, store, print).write(NOW)
    assert "was over when it was written" in (layout.outbox / "ada" / ANSWERS).read_text()


def test_a_link_is_not_followed_and_a_pipe_keeps_nobody_waiting(plan, store, enter, layout):
    enter("ada"), enter("eve")
    for team in ("ada", "eve"):
        (layout.inbox / team).mkdir()
    (layout.inbox / "own.txt").write_text("1")
    (layout.inbox / "ada" / "chosen.txt").symlink_to(layout.inbox / "own.txt")
    os.mkfifo(layout.inbox / "eve" / "chosen.txt")
    Choices(plan, store, print).take()
    assert store.chosen("practice") == set()


def test_a_new_choice_makes_a_new_board(plan, store, enter, layout):
    for team in ("ada", "ada"):
        attempt = enter(team)
        store.end_run(store.begin_run(attempt).number)
        store.set_state(attempt.number, "scored")
    boards = Boards(plan, store, print)
    before = boards._content(plan.phases[0])
    decisions.choose(store, 1)
    after = boards._content(plan.phases[0])
    assert before.signature != after.signature
    order = boards._order(after)
    assert [(row.name, row.chosen) for row in order.rows] == [("ada-1", True), ("ada-2", False)]

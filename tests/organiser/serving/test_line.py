"""Whose turn it is."""

from zcnas.organiser.serving.line import in_turn, queue_of


def teams(attempts):
    return "".join(attempt.team for attempt in attempts)


def test_a_teams_first_comes_before_any_others_second(store, enter):
    for team in "aaaabbc":
        enter(team)
    assert teams(queue_of(store)) == "abcabaa"


def test_what_a_team_has_running_counts_as_its_turn(store, enter):
    enter("a", "running")
    for team in "aab":
        enter(team)
    assert teams(queue_of(store)) == "baa"


def test_of_equals_the_team_that_has_waited_longest_comes_first(store, enter):
    attempts = [enter("a"), enter("b"), enter("c")]
    starts = {"a": "2027-03-01T12:00:01+00:00", "b": "2027-03-01T12:00:00+00:00"}
    assert teams(in_turn(attempts, {}, starts)) == "cba"


def test_20_teams_with_5_attempts_each_get_their_first_before_anyones_second(store, enter):
    with_teams = [f"t{number:03}" for number in range(20)]
    for team in with_teams:
        for _ in range(5):
            enter(team)
    order = [attempt.team for attempt in queue_of(store)]
    assert [order[start : start + 20] for start in range(0, 100, 20)] == [with_teams] * 5

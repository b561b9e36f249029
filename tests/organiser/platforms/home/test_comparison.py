"""The platform's ranking beside the one made here: every reason for a difference."""

import msgspec
import pytest

from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.organiser.platforms.home.comparison import compare
from zcnas.organiser.platforms.home.pulled import Pulled, PulledSubmission
from zcnas.phases import load_phase
from zcnas.words.resources import PHASES_FILE, package_file

KEY = "nasbench201_cifar10"
PRACTICE = load_phase(package_file(PHASES_FILE), "practice")
DEVELOPMENT = load_phase(package_file(PHASES_FILE), "development")


def there(number, score=0.25, **more):
    return PulledSubmission(
        **{
            "id": number,
            "team": "ada",
            "received_at": f"2027-01-0{number}T00:00:00Z",
            "status": "Finished",
            "posted": {"score": score, KEY: score, "failed": 0.0, "duration": 3.0},
            **more,
        }
    )


def here(number, rank, score=0.25, **more):
    return Entry(
        **{
            "rank": rank,
            "submission": f"ada-{number}",
            "method": "x",
            "score": score,
            "kendall_tau": {KEY: score},
            "status": "scored",
            "failures": {},
            "wall_time_s": 1.0,
            "cpu_time_s": 1.0,
            **more,
        }
    )


def rows(submissions, entries, ranking, phase=PRACTICE):
    pulled = Pulled(
        site="s",
        competition=1,
        title="t",
        phase=phase.name,
        phase_id=1,
        pulled_at="",
        ranking=tuple(ranking),
        submissions=tuple(submissions),
    )
    board = Leaderboard(
        phase=phase.name,
        title="",
        isolation="",
        data_sources={},
        accuracy_sources={},
        benchmarks=(KEY,),
        entries=tuple(entries),
    )
    return compare(pulled, board, phase)


def why(submission, entry, ranking=(1,), phase=PRACTICE):
    (row,) = rows([submission], [entry], ranking, phase)
    return row.why


def test_equal_scores_to_the_ten_digits_that_are_stored_are_no_difference():
    third = 1 / 3
    assert why(there(1, 0.3333333333), here(1, 1, third)) == ""
    assert "is 0.333333334 there" in why(there(1, 0.3333333340), here(1, 1, third))


def test_a_phase_that_shows_three_decimals_is_compared_at_three():
    assert why(there(1, 0.123), here(1, 1, 0.12345), phase=DEVELOPMENT) == ""
    assert "0.123 here" in why(there(1, 0.124), here(1, 1, 0.12345), phase=DEVELOPMENT)


def test_another_number_of_failures_explains_another_score():
    posted = {"score": 0.1, KEY: 0.1, "failed": 40.0}
    entry = here(1, 1, 0.25, failures={"timeout": 3, "error": 1})
    assert why(there(1, posted=posted), entry) == (
        "40 architectures failed there, 4 here (1 error, 3 timeout)"
    )


def test_a_score_that_nothing_explains_is_called_what_it_may_be():
    assert "or the score is forged" in why(there(1, 1.0), here(1, 1, 0.25))


def test_minus_one_in_every_column_agrees_with_a_dash_here():
    posted = dict.fromkeys(("score", KEY, "failed", "duration"), -1.0)
    unanswered = here(1, None, 0.0, answered=False, failures={"error": 100})
    assert why(there(1, posted=posted), unanswered) == ""
    assert why(there(1, posted=posted), here(1, 1)) == "no query was answered there"
    assert why(there(1), unanswered) == (
        "0 architectures failed there, 100 here (100 error); fewer there: its posted score may be "
        "forged"
    )


@pytest.mark.parametrize(
    ("submission", "entry", "ranking", "reason"),
    [
        (there(1, status="Failed", posted={}, details="rc=1"), here(1, 1), (), "Failed there, wit"),
        (there(1), here(1, 1), (), "not on the leaderboard there"),
        (there(1), here(1, None, counted=False), (1,), "does not count here"),
        (there(1), here(1, None, None, message="no engine"), (1,), "not scored here: no engine"),
        (there(1, posted={"score": 0.25}), here(1, 1), (1,), f"columns missing there: {KEY}"),
    ],
)
def test_what_only_one_side_ranks_has_a_reason(submission, entry, ranking, reason):
    assert why(submission, entry, ranking).startswith(reason)


def test_a_run_that_failed_there_and_is_not_scored_here_says_why():
    (row,) = rows([there(1, status="Failed", posted={}, details="rc=1")], [], ())
    assert row.why == "failed there: rc=1"


def test_ranks_move_with_the_others_and_with_ties():
    moved = rows([there(1, 0.9), there(2)], [here(2, 1), here(1, 2, 0.1)], (1, 2))
    assert [(row.rank_here, row.rank_there) for row in moved] == [(1, 2), (2, 1)]
    assert moved[0].why == "the same score; others moved"
    tied = rows([there(1), there(2)], [here(1, 1), here(2, 1)], (1, 2))
    assert [row.why for row in tied] == [
        "",
        "the same score; ties share a rank here, and further columns break them there",
    ]


def test_a_phase_without_feedback_has_nothing_to_compare_and_deleted_ones_are_left_out():
    silent = msgspec.structs.replace(PRACTICE, feedback="none")
    (row,) = rows([there(1, 0.0), there(2, deleted=True)], [here(1, 1)], (1,), silent)
    assert (row.rank_there, row.score_there, row.why) == (None, None, "")

"""What stands beside the submissions now counts, and nothing that an earlier run has left.

Every submission here is refused, so that no worker has to run.
"""

import datetime
import functools
import os
import shutil

import msgspec
import pytest

import zcnas.submissions.folders
from zcnas.errors import ArrivalsError
from zcnas.isolation.process import ProcessIsolation
from zcnas.judging.judge import judge
from zcnas.organiser.competition import Competition, load_halves
from zcnas.organiser.results.contest import read_contest
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.phases import load_phase
from zcnas.submissions import find_submissions
from zcnas.submissions.roster import arrivals_beside, read_arrivals

KEY = "nasbench201_cifar10"
REFUSED = "class Other: pass\n"


class Organiser:
    """Scores folders of submissions into one results folder and looks at the board."""

    def __init__(self, folder, light_phase):
        self.out = folder / "out"
        self.said = []
        self._phase = load_phase(light_phase / "phases.toml", "practice").only([KEY])
        self._halves = load_halves(self._phase, light_phase / "in", light_phase / "ref", None)

    def score(self, *places, anew=False):
        found = {place: find_submissions(place, self.said.append) for place in places}
        roster = arrivals_beside(found, self.said.append)
        Competition(
            self._phase, self._halves, ProcessIsolation(), [min(os.sched_getaffinity(0))],
            self.out, anew=anew, remark=lambda name, text: self.said.append(f"{name}: {text}"),
        ).run([path for each in found.values() for path in each], roster)  # fmt: skip
        return self.board()

    def board(self):
        contest = read_contest(ResultsFolder(self.out), self._phase, self._halves.references)
        return {entry.submission: entry for entry in judge(contest, 100).leaderboard.entries}


@pytest.fixture
def organiser(tmp_path, light_phase):
    return Organiser(tmp_path, light_phase)


@pytest.fixture
def place(tmp_path):
    """A function that makes a folder of refused submissions, with a roster if there is one."""

    def make(*names, roster="", folder="in"):
        shutil.rmtree(tmp_path / folder, ignore_errors=True)
        for name in names:
            (tmp_path / folder / name).mkdir(parents=True)
            (tmp_path / folder / name / "predictor.py").write_text(REFUSED)
        if roster:
            (tmp_path / folder / "submissions.csv").write_text(roster)
        return tmp_path / folder

    return make


def test_a_roster_that_is_gone_or_corrected_leaves_nothing_behind(organiser, place):
    board = organiser.score(place("a", "b", roster="name,team\na,Old\nb,Old\n"))
    assert {entry.team for entry in board.values()} == {"Old"}
    board = organiser.score(place("a", "b", roster="name,team\na,New\n"))
    assert (board["a"].team, board["b"].team) == ("New", "")
    board = organiser.score(place("a", "b"))
    assert {entry.team for entry in board.values()} == {""}
    assert not (organiser.out / "submissions.csv").exists()


def test_rows_of_submissions_of_another_folder_stay(organiser, place):
    organiser.score(place("a", roster="name,team\na,Ada\n"))
    board = organiser.score(place("b", roster="name,team\nb,Bob\n", folder="other"))
    assert (board["a"].team, board["b"].team) == ("Ada", "Bob")


def test_a_row_that_cannot_be_read_any_more_is_replaced_by_what_is_there_now(organiser, place):
    organiser.score(place("a"))
    bad = "name,received_at\na,9999-12-31T23:59:59-01:00\n"
    (organiser.out / "submissions.csv").write_text(bad)
    assert organiser.score(place("a", roster="name,team\na,Ada\n"))["a"].team == "Ada"
    (organiser.out / "submissions.csv").write_text(bad)
    with pytest.raises(ArrivalsError, match="line 2: received_at"):
        organiser.score(place("b", folder="other"))


def test_anew_forgets_the_roster_and_the_pages(organiser, place):
    organiser.score(place("a", roster="name,team\na,Old\nb,Old\n"))
    (organiser.out / "leaderboard").mkdir()
    (organiser.out / "leaderboard" / "index.html").write_text("old")
    shutil.copy(place("a", roster="name\na\n") / "submissions.csv", organiser.out)
    assert organiser.score(place("a"), anew=True)["a"].team == ""
    assert not (organiser.out / "leaderboard").exists()


def test_a_removed_submission_leaves_the_board_by_name_and_comes_back(organiser, place):
    assert set(organiser.score(place("a", "b"))) == {"a", "b"}
    assert set(organiser.score(place("a"))) == {"a"}
    (line,) = organiser.said
    assert line.startswith("b: its submission is no longer there, so it leaves the leaderboard")
    assert (organiser.out / "submissions" / "b" / "submission.json").is_file()
    organiser.said.clear()
    assert set(organiser.score(place("a"))) == {"a"}
    assert not organiser.said, "said once"
    assert set(organiser.score(place("a", "b"))) == {"a", "b"}


def test_submissions_that_were_not_asked_for_stay_as_long_as_they_are_there(organiser, place):
    folder = place("a", "b")
    organiser.score(folder / "a")
    assert set(organiser.score(folder / "b")) == {"a", "b"}
    assert set(organiser.score(place("c", folder="other"))) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [("a\u200bb", "a\u200cb", "a_b"), ("x" * 70, "x" * 71, "x" * 64), ("a?", "a*", "a_")],
)
def test_names_that_would_become_one_are_held_up_and_stop_no_other(
    organiser, place, one, other, name
):
    board = organiser.score(place(one, other, "ok"))
    assert board["ok"].status == "invalid_submission"
    assert board[name].status == "organiser_error"
    assert board[name].score is None
    for original in (one, other):
        written = "".join(ascii(c)[1:-1] if c in "\u200b\u200c" else c for c in original)
        assert f"'{written}'" in board[name].message
    assert board[name].message in organiser.said[0]


def test_a_zip_beside_its_folder_is_held_up_with_it_until_one_is_gone(organiser, place):
    folder = place("bob", "ok")
    before = organiser.score(folder)["bob"]
    shutil.make_archive(str(folder / "bob"), "zip", folder / "bob")
    assert "'bob', 'bob.zip'; none of them is scored" in organiser.score(folder)["bob"].message
    (folder / "bob.zip").unlink()
    assert organiser.score(folder)["bob"] == before


def test_a_submission_this_machine_cannot_read_is_never_charged_to_its_author(
    organiser, place, monkeypatch
):
    folder = place("mine", "ok")
    before = organiser.score(folder)["mine"]
    monkeypatch.setattr(
        "zcnas.submissions.folders._read_plain",
        functools.partial(refuse_mine, zcnas.submissions.folders._read_plain),
    )
    board = organiser.score(folder)
    assert board["mine"].status == "organiser_error"
    assert "Input/output error" in board["mine"].message
    assert board["ok"].status == "invalid_submission"
    monkeypatch.undo()
    assert organiser.score(folder)["mine"] == before


def refuse_mine(read, path, *arguments):
    if path.parent.name == "mine":
        raise OSError(5, "Input/output error", str(path))
    return read(path, *arguments)


OUR_NAMES = (
    "leaderboard.json.partial", "leaderboard.partial", "leaderboard", "leaderboard.json",
    "run.json.partial", "submission.json", "submission.json.partial", "submissions", "x",
    "x.partial",
    f"{KEY}.predictions.jsonl", "events.jsonl", "index.html", "scores.json",
)  # fmt: skip


def test_no_name_meets_a_file_of_ours(organiser, place):
    assert set(organiser.score(place(*OUR_NAMES))) == set(OUR_NAMES)
    assert set(organiser.score(place(*OUR_NAMES))) == set(OUR_NAMES), "and again"


def test_what_is_written_of_times_is_read_back(organiser, place):
    organiser.score(place("a", roster="name,received_at\na,2026-03-01 12:00+01:00\n"))
    row = read_arrivals(organiser.out / "submissions.csv")["a"]
    assert row.received_at == datetime.datetime(2026, 3, 1, 11, tzinfo=datetime.UTC)
    assert msgspec.to_builtins(row)["name"] == "a"

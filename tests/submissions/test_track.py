"""The track a submission states is read, never run; what is no track is refused by name."""

import ast

import pytest

from zcnas.errors import InvalidSubmission
from zcnas.submissions import open_submission
from zcnas.submissions.track import TrackError, track_of
from zcnas.words.tracks import TRACKS

CLASS = "class ZeroCostPredictor:\n    {line}\n    def query(self, graph): return 1\n"


def track_in(source):
    return track_of(ast.parse(source), "predictor.py")


@pytest.mark.parametrize("track", TRACKS)
def test_a_class_states_its_track(track):
    assert track_in(CLASS.format(line=f"track = '{track}'")) == track
    assert track_in(CLASS.format(line=f"track: str = '{track}'")) == track
    assert track_in(f"track = '{track}'\n" + CLASS.format(line="pass")) == track


def test_who_says_nothing_is_zero_shot():
    assert track_in(CLASS.format(line="method_type = 'transfer'")) == "zero-shot"
    assert track_in("track = 7\n" + CLASS.format(line="pass")) == "zero-shot"
    assert track_in("class Other:\n    track = 'no'\n" + CLASS.format(line="pass")) == "zero-shot"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (CLASS.format(line="track = 'one-shot'"), "line 2: track = 'one-shot' is not a track"),
        (CLASS.format(line="track = 3"), "track = 3 is not a track"),
        (CLASS.format(line="track = 'trans' + 'fer'"), "track = 'trans' + 'fer' is not a track"),
        ("track = 'all'\n" + CLASS.format(line="pass"), "line 1: track = 'all' is not a track"),
        (
            "track = 'transfer'\n" + CLASS.format(line="track = 'few-labels'"),
            "the track is 'transfer' here and 'few-labels' before",
        ),
    ],
)
def test_anything_else_is_refused_and_the_tracks_are_named(source, message):
    with pytest.raises(TrackError) as refused:
        track_in(source)
    assert message in str(refused.value)
    if "not a track" in message:
        assert all(f'"{track}"' in str(refused.value) for track in TRACKS)


def test_a_submission_carries_its_track_and_an_unknown_one_is_a_refusal(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "predictor.py").write_text(CLASS.format(line="track = 'transfer'"))
    assert open_submission(folder, tmp_path / "a").track == "transfer"
    (folder / "predictor.py").write_text(CLASS.format(line="track = 'supervised'"))
    with pytest.raises(InvalidSubmission, match="track = 'supervised' is not a track"):
        open_submission(folder, tmp_path / "b")

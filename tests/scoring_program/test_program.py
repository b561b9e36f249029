"""The scoring program as a platform starts it: from sealed predictions to scores and a page."""

import json
import math
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from zcnas.hosted.phase import HostedPhase
from zcnas.hosted.seals import next_seal, read_key
from zcnas.pages.detailed_results import without_paths
from zcnas.phases import load_phase
from zcnas.records import Prediction, Reference, write_json

ROOT = Path(__file__).resolve().parents[2]
KEYS = ("nasbench201_cifar10", "nasbench201_cifar100")
KEY = "ab" * 32
TOKENS = [f"{number:08x}" for number in range(6)]
SECRET = 61.23456789


@pytest.fixture
def platform(tmp_path):
    """What a platform mounts: reference data, ingestion's output, and a way to run scoring."""

    class Platform:
        results, reference, output = tmp_path / "res", tmp_path / "ref", tmp_path / "out"

        def __init__(self):
            self.results.mkdir()
            self.describe()
            for key in KEYS:
                truth = {token: SECRET + number for number, token in enumerate(TOKENS)}
                write_json(
                    self.reference / f"{key}.json",
                    Reference(
                        **dict.fromkeys(
                            ("metric", "unit", "source", "version", "table_sha256"), "x"
                        ),
                        benchmark=key,
                        accuracies=truth,
                    ),
                )
            (self.reference / "seal.key").write_text(KEY)
            (self.results / "metadata").write_text("exitCode: null\ningestionExitCode: 0\n")

        def describe(self, **changes):
            practice = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
            phase = msgspec.structs.replace(practice, benchmarks=KEYS, draw_seed=None, **changes)
            hosted = HostedPhase(phase=phase, time_limit_s=600)
            write_json(self.reference / "phase.json", hosted)

        def predict(self, key, scores, sealed=True):
            lines, previous = [], ""
            with (self.results / f"{key}.seals").open("w") as seals:
                for token, score in zip(TOKENS, scores, strict=False):
                    status = "ok" if score is not None else "error"
                    message = "" if status == "ok" else "OSError: /secret/folder/model.bin"
                    prediction = Prediction(id=token, status=status, score=score, message=message)
                    lines.append(msgspec.json.encode(prediction))
                    previous = next_seal(bytes.fromhex(KEY), key, previous, lines[-1])
                    seals.write(f"{previous}\n" if sealed else "")
            path = self.results / f"{key}.predictions.jsonl"
            path.write_bytes(b"".join(line + b"\n" for line in lines))

        def score(self):
            words = {
                "--predictions": self.results,
                "--reference": self.reference,
                "--output": self.output,
            }
            return subprocess.run(
                [
                    *(sys.executable, ROOT / "scoring_program" / "scoring.py"),
                    *(word for pair in words.items() for word in pair),
                ],
                capture_output=True,
                text=True,
                check=False,
            )

        def scores(self):
            done = self.score()
            assert done.returncode == 0, done.stderr
            return json.loads((self.output / "scores.json").read_text())

        def page(self):
            return (self.output / "detailed_results.html").read_text()

    return Platform()


def test_every_column_is_there_and_missing_predictions_are_failures(platform):
    platform.predict(KEYS[0], range(6))
    scores = platform.scores()
    assert list(scores) == ["score", *KEYS, "failed", "duration"]
    assert (scores["score"], scores[KEYS[0]], scores[KEYS[1]]) == (0.5, 1.0, 0.0)
    assert scores["failed"] == 6


def test_a_submission_that_answered_no_query_has_minus_one_in_every_column(platform):
    for key in KEYS:
        platform.predict(key, [None] * 6)
    assert platform.scores() == dict.fromkeys(["score", *KEYS, "failed", "duration"], -1.0)


def test_one_answer_on_one_benchmark_is_enough_for_a_score(platform):
    platform.predict(KEYS[0], [1, None, None, None, None, None])
    platform.predict(KEYS[1], [None] * 6)
    scores = platform.scores()
    assert scores[KEYS[1]] == 0.0
    # The worst architecture above five failures: 5 pairs wrong, 10 tied in the scores.
    assert scores[KEYS[0]] == pytest.approx(-5 / math.sqrt(5 * 15))


def test_lines_without_their_seals_count_as_failed(platform):
    platform.predict(KEYS[0], range(6))
    platform.predict(KEYS[1], range(6), sealed=False)
    assert platform.scores()[KEYS[1]] == 0.0


def test_an_organisers_error_gives_no_score_and_exit_code_one(platform):
    platform.predict(KEYS[0], range(6))
    (platform.results / "organiser_error.txt").write_text("no disk left")
    done = platform.score()
    assert done.returncode == 1
    assert "no disk left" in done.stderr
    assert not platform.output.exists()


@pytest.mark.parametrize("code", ["1", "137", "-9"])
def test_an_ingestion_that_ended_before_it_asked_anything_gives_no_score(platform, code):
    (platform.results / "metadata").write_text(f"exitCode: null\ningestionExitCode: {code}\n")
    done = platform.score()
    assert done.returncode == 1
    assert f"exit code {code}" in done.stderr
    assert not (platform.output / "scores.json").exists()


@pytest.mark.parametrize("code", ["1", "null", "0"])
def test_an_ingestion_that_was_stopped_half_way_is_scored_for_what_it_asked(platform, code):
    platform.predict(KEYS[0], range(3))
    (platform.results / "metadata").write_text(f"ingestionExitCode: {code}\n")
    scores = platform.scores()
    assert scores["failed"] == 9
    # The three worst in the right order, above three failures: 3 pairs right, 9 wrong, 3 tied.
    assert scores[KEYS[0]] == pytest.approx((3 - 9) / math.sqrt(12 * 15))


def test_a_phase_that_shows_three_decimals_posts_three(platform):
    platform.describe(feedback="score_only")
    platform.predict(KEYS[0], [0, 2, 1, 3, 4, 5])
    scores = platform.scores()
    assert scores[KEYS[0]] == round(13 / 15, 3)
    assert scores["score"] == round(13 / 30, 3)


def test_what_a_level_hides_is_not_in_the_page(platform):
    marks = {"message": "OSError", "scatter": "Scores against", "tau": "tau-b", "log": "I print"}
    shown = {
        ("full", "public"): {"message", "scatter", "tau", "log"},
        ("full", "hidden"): {"message", "tau", "log"},
        ("score_only", "hidden"): {"tau"},
        ("none", "hidden"): set(),
    }
    for (level, truth), expected in shown.items():
        platform.describe(feedback=level, truth=truth)
        platform.predict(KEYS[0], [None, 2, 1, 3, 4, 5])
        (platform.results / f"{KEYS[0]}.log").write_text("I print")
        platform.scores()
        found = {name for name, mark in marks.items() if mark in platform.page()}
        assert found == expected, (level, truth)
        assert str(SECRET) not in platform.page()


def test_the_page_is_one_file_and_what_a_participant_wrote_is_escaped(platform):
    platform.predict(KEYS[0], [None, 2, 1, 3, 4, 5])
    (platform.results / f"{KEYS[0]}.log").write_text(
        "<script>alert(1)</script>\x1b[31m\udcff", errors="replace"
    )
    (platform.reference / "baselines.json").write_text(json.dumps({"synflow": {KEYS[0]: 0.25}}))
    platform.scores()
    page = platform.page()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\x1b" not in page
    assert "synflow" in page
    assert len(page.encode()) < 2_000_000
    for fetched in ("src=", "@import", "url(", '<link rel="stylesheet"'):
        assert fetched not in page


def test_a_spoilt_manifest_costs_a_page_nothing_but_its_lines(platform):
    platform.predict(KEYS[0], range(6))
    for spoilt in (b"{", b"[]", b"\xff", b'{"public": {"method": 3}}'):
        (platform.results / f"{KEYS[0]}.manifest.json").write_bytes(spoilt)
        assert platform.scores()[KEYS[0]] == 1.0


def test_no_link_is_followed_out_of_the_results(platform, tmp_path):
    (tmp_path / "secret").write_text("TOP SECRET")
    platform.predict(KEYS[0], range(6))
    (platform.results / f"{KEYS[0]}.log").symlink_to(tmp_path / "secret")
    platform.scores()
    assert "TOP SECRET" not in platform.page()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('File "/tmp/zcnas-x1/submission/predictor.py", line 3', 'File "predictor.py", line 3'),
        ("OSError: '/home/me/a b/c.txt' (predictor.py, line 1)", None),
        ("see https://example.org/a/b and a/b/c", "see https://example.org/a/b and a/b/c"),
        ("1/2 of 3 / 4", "1/2 of 3 / 4"),
        ("/etc/passwd", "passwd"),
    ],
)
def test_of_an_absolute_path_only_the_last_name_is_left(text, kept):
    found = without_paths(text)
    if kept is None:
        assert "/home/me/" not in found
    else:
        assert found == kept


def test_the_key_is_read_as_it_was_written(platform):
    assert read_key(platform.reference) == bytes.fromhex(KEY)

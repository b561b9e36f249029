"""The scoring program as a platform starts it: from a sealed record to scores and a page."""

import json
import math
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.sealed_runs import start_of, write_run
from zcnas.hosted.phase import HostedPhase
from zcnas.hosted.run_record import Answer, Failed, Printed, Refused
from zcnas.pages.detailed_results import without_paths
from zcnas.phases import load_phase
from zcnas.words.records import Prediction, Reference, read_reference, write_json
from zcnas.words.shares import share_of

ROOT = Path(__file__).resolve().parents[2]
KEYS = ("nasbench201_cifar10", "nasbench201_cifar100")
KEY = "ab" * 32
INPUTS = {"phase.json": "a1" * 32}
REPORT = "elapsedTime: 3.5\nexitCode: null\ningestionElapsedTime: 3.5\ningestionExitCode: 0\n"
"""What Codabench writes beside ingestion's output."""
TOKENS = [f"{number:08x}" for number in range(6)]
SECRET = 61.23456789


@pytest.fixture
def platform(tmp_path):
    """What a platform mounts: reference data, ingestion's output, and a way to run scoring."""

    class Platform:
        results, reference, output = tmp_path / "res", tmp_path / "ref", tmp_path / "out"

        def __init__(self):
            self.results.mkdir()
            self.lines = []
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
            (self.reference / "input_digests.json").write_text(json.dumps(INPUTS))
            (self.results / "metadata").write_text(REPORT)

        def describe(self, **changes):
            practice = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
            phase = msgspec.structs.replace(practice, benchmarks=KEYS, draw_seed=None, **changes)
            hosted = HostedPhase(phase=phase, time_limit_s=600)
            write_json(self.reference / "phase.json", hosted)
            self.phase = phase

        def predict(self, key, scores):
            for token, score in zip(TOKENS, scores, strict=False):
                status = "ok" if score is not None else "error"
                message = "" if status == "ok" else "OSError: /secret/folder/model.bin"
                prediction = Prediction(id=token, status=status, score=score, message=message)
                self.lines.append(Answer(benchmark=key, prediction=prediction))

        def write(self, ended=True, key=KEY, **changes):
            """Write what has been predicted as ingestion does."""
            start = start_of(self.phase, INPUTS, **changes)
            write_run(self.results, bytes.fromhex(key), [start, *self.lines], ended)

        def score(self, **changes):
            if changes or not (self.results / "run.sealed").exists():
                self.write(**changes)
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

        def fails(self, **changes):
            """Return what scoring says, which must be an error without scores."""
            done = self.score(**changes)
            assert done.returncode == 1
            assert not self.output.exists()
            return done.stderr

        def scores(self, **changes):
            done = self.score(**changes)
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


def test_scoring_never_imports_torch(platform, monkeypatch):
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    platform.predict(KEYS[0], range(6))
    said = platform.score().stderr
    assert "zcnas.judging.metrics" in said, "imports are listed"
    assert "torch" not in said


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


def test_a_submission_that_ingestion_refused_has_minus_one_in_every_column_and_its_reason(platform):
    platform.lines.append(Refused(reason="it has no /app/x/predictor.py at its root"))
    assert set(platform.scores().values()) == {-1.0}
    assert "it has no predictor.py at its root" in platform.page()


def test_a_submission_whose_own_command_the_platform_ran_has_minus_one_in_every_column(platform):
    platform.predict(KEYS[0], range(6))
    for report in (REPORT.replace("exitCode: null", "exitCode: 0"), "command: python3 x.py\n"):
        (platform.results / "metadata").write_text(report)
        assert set(platform.scores().values()) == {-1.0}
        assert "names a command" in platform.page()


def test_codalab_notes_an_exit_code_of_zero_where_nothing_ran(platform):
    platform.predict(KEYS[0], range(6))
    (platform.results / "metadata").write_text(
        "elapsedTime: 3.5\nexitCode: 0\ningestionExitCode: 0\n"
    )
    assert platform.scores()[KEYS[0]] == 1.0


def test_a_fault_of_the_platforms_machine_gives_no_score_and_exit_code_one(platform):
    platform.predict(KEYS[0], range(6))
    platform.lines.append(Failed(reason="no disk left"))
    assert "ingestion failed: no disk left" in platform.fails(ended=False)


@pytest.mark.parametrize("code", ["1", "137", "-9"])
def test_a_killed_ingestion_gives_no_score_however_much_it_had_asked(platform, code):
    platform.predict(KEYS[0], range(5))
    (platform.results / "metadata").write_text(
        REPORT.replace("ingestionExitCode: 0", f"ingestionExitCode: {code}")
    )
    said = platform.fails(ended=False)
    assert "stopped from outside after 5 answers" in said
    assert f"exit code: {code}" in said


def test_every_check_that_fails_says_which_it_was(platform):
    platform.predict(KEYS[0], range(6))
    limits = msgspec.structs.replace(platform.phase.limits, query_cpu_s=99)
    assert "another bundle's ingestion program" in platform.fails(key="cd" * 32)
    assert "is of phase 'final'" in platform.fails(phase="final")
    assert "the limits in run.sealed are not the phase's" in platform.fails(limits=limits)
    assert "another phase.json" in platform.fails(files={"phase.json": "00" * 32})
    platform.write()
    record = platform.results / "run.sealed"
    record.write_bytes(record.read_bytes().replace(b'"score":1', b'"score":9'))
    assert "line 3 of run.sealed does not bear its seal" in platform.fails()
    record.unlink()
    record.symlink_to(platform.reference / "phase.json")
    assert "ingestion left no run.sealed" in platform.fails()
    (platform.reference / "seal.key").unlink()
    assert "seal.key cannot be read" in platform.fails()


def test_a_phase_without_feedback_posts_constants_and_needs_no_accuracy(platform):
    for key in KEYS:
        (platform.reference / f"{key}.json").unlink()
    platform.describe(feedback="none", truth="hidden")
    assert set(platform.scores().values()) == {0.0}
    page = platform.page()
    assert "received and run" in page
    assert "ab" * 32 in page, "the digest of what was received"
    platform.lines.append(Refused(reason="it has both predictor.py and submission.py; keep one"))
    assert set(platform.scores(submission_sha256="").values()) == {-1.0}
    assert "it has both predictor.py and submission.py" in platform.page()


def test_a_run_that_was_not_confined_is_marked(platform):
    platform.predict(KEYS[0], range(6))
    platform.scores()
    assert "unconfined" not in platform.page()
    platform.scores(unconfined=("Landlock",))
    assert "this platform&#39;s kernel lacks Landlock" in platform.page()


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
    platform.predict(KEYS[0], [None, 2, 1, 3, 4, 5])
    platform.lines.append(Printed(benchmark=KEYS[0], text="I print"))
    for (level, truth), expected in shown.items():
        platform.describe(feedback=level, truth=truth)
        platform.write()
        platform.scores()
        found = {name for name, mark in marks.items() if mark in platform.page()}
        assert found == expected, (level, truth)
        assert str(SECRET) not in platform.page()


def test_the_page_is_one_file_and_what_a_participant_wrote_is_escaped(platform):
    platform.predict(KEYS[0], [None, 2, 1, 3, 4, 5])
    printed = "<script>alert(1)</script>\x1b[31m"
    platform.lines.append(Printed(benchmark=KEYS[0], text=printed))
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


def test_nothing_beside_the_record_is_read(platform):
    platform.predict(KEYS[0], range(6))
    (platform.results / f"{KEYS[0]}.log").write_text("TOP SECRET")
    (platform.results / "organiser_error.txt").write_text("it was you")
    assert platform.scores()[KEYS[0]] == 1.0
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


def test_a_share_of_a_draw_is_scored_although_all_of_it_was_asked(platform):
    """A bundle has accuracies of the first three alone; on these the order is right."""
    for key in KEYS:
        path = platform.reference / f"{key}.json"
        whole = msgspec.structs.replace(read_reference(path), shown=tuple(TOKENS[:3]))
        write_json(path, share_of(whole, "shown"))
        platform.predict(key, [1, 2, 3, 30, 20, None])
    platform.describe(truth="hidden", shown_architectures=3)
    scores = platform.scores()
    assert [scores[key] for key in ("score", *KEYS)] == [1.0] * 3
    assert scores["failed"] == 0, "of those that are shown, none has failed"
    assert str(int(SECRET)) not in platform.page()

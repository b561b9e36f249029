"""The platforms' rules and failures, seen with a bundle of a few lines that is not ours."""

import textwrap

import pytest
from typer.testing import CliRunner

from zcnas.errors import BundleError
from zcnas.organiser.cli.main import app
from zcnas.organiser.platforms.emulator import Emulation, emulate
from zcnas.organiser.platforms.emulator.bundles import Task, read_task
from zcnas.organiser.platforms.emulator.folders import FolderRunner
from zcnas.organiser.platforms.emulator.rules import PLATFORMS
from zcnas.organiser.platforms.emulator.steps import Ended, command_of

INGESTION = "command: python3 $ingestion_program/run.py $input $output $submission_program\n"
SCORING = "command: python3 $program/score.py $input/res $input/ref $output $predictions $shared\n"
COPIES = """
import shutil, sys
shutil.copy(sys.argv[3] + "/answer.txt", sys.argv[2])
"""
COMPARES = """
import json, pathlib, sys
answer = pathlib.Path(sys.argv[1], "answer.txt")
truth = pathlib.Path(sys.argv[2], "truth.txt").read_text()
right = answer.is_file() and answer.read_text() == truth
pathlib.Path(sys.argv[3], "scores.json").write_text(json.dumps({"right": float(right), "x": 7}))
"""
BOTH = pytest.mark.parametrize("platform", ["codabench", "codalab"])


@pytest.fixture
def run(tmp_path):
    """A function that submits an answer to a bundle made of two scripts."""

    def submit(platform, ingestion=COPIES, scoring=COMPARES, limit_s=60, files=None, **more):
        parts = {
            "ingestion_program": {"metadata": INGESTION, "run.py": textwrap.dedent(ingestion)},
            "scoring_program": {"metadata": SCORING, "score.py": textwrap.dedent(scoring)},
            "input_data": {"question.txt": "6 x 7"},
            "reference_data": {"truth.txt": "42"},
        }
        for part, contents in parts.items():
            (tmp_path / part).mkdir(exist_ok=True)
            for name, text in contents.items():
                (tmp_path / part / name).write_text(text)
        (tmp_path / "mine").mkdir()
        for name, text in (files or {"answer.txt": "42", "metadata": ""}).items():
            (tmp_path / "mine" / name).parent.mkdir(exist_ok=True)
            (tmp_path / "mine" / name).write_text(text)
        task = Task(
            phase="only",
            image="",
            time_limit_s=limit_s,
            parts={part: tmp_path / part for part in parts},
            columns=("right", "other"),
        )
        out = tmp_path / "out"
        return emulate(
            task, tmp_path / "mine", Emulation(platform, FolderRunner(network=True), out, **more)
        )

    return submit


@BOTH
def test_a_right_answer_is_finished_and_unknown_scores_are_ignored(run, platform):
    outcome = run(platform)
    assert (outcome.status, outcome.posted) == ("Finished", {"right": 1.0})
    assert outcome.details == "columns without a score: other"
    assert "ingestionExitCode: 0" in (outcome.results / "metadata").read_text()


def test_without_metadata_codabench_copies_the_submission_among_the_results(run):
    outcome = run("codabench", files={"answer.txt": "42", "secret.py": "x"})
    assert outcome.status == "Finished"
    assert (outcome.results / "secret.py").is_file()


def test_without_metadata_codalab_takes_the_submission_for_results_and_runs_no_ingestion(run):
    outcome = run("codalab", ingestion="raise SystemExit(9)", files={"answer.txt": "42"})
    assert (outcome.status, outcome.posted) == ("Finished", {"right": 1.0})


def test_codabench_leaves_a_top_folder_where_it_is(run):
    outcome = run("codabench", files={"mine/answer.txt": "42", "metadata": ""})
    assert (outcome.status, outcome.posted) == ("Finished", {"right": 0.0})


@pytest.mark.parametrize(
    ("metadata", "status"), [("mine/metadata", "Finished"), ("metadata", "Failed")]
)
def test_codalab_lifts_a_folder_with_metadata_and_no_other(run, metadata, status):
    assert run("codalab", files={"mine/answer.txt": "42", metadata: ""}).status == status


def test_codalab_does_not_read_metadata_yaml(tmp_path):
    folder = _written(tmp_path / "p", "command: x")
    assert command_of(folder, "ingestion", PLATFORMS["codabench"]) == ("x",)
    with pytest.raises(BundleError, match="has no 'metadata'"):
        command_of(folder, "ingestion", PLATFORMS["codalab"])


FAILS_LATE = 'import sys; open(sys.argv[2] + "/partial.txt", "w").write("1"); sys.exit(5)'


def test_codabench_goes_on_to_scoring_when_ingestion_fails(run):
    outcome = run("codabench", ingestion=FAILS_LATE)
    assert (outcome.status, outcome.posted) == ("Finished", {"right": 0.0})
    assert "ingestionExitCode: 5" in (outcome.results / "metadata").read_text()


def test_codalab_stops_when_ingestion_fails_and_keeps_what_is_there(run):
    outcome = run("codalab", ingestion=FAILS_LATE)
    assert (outcome.status, outcome.posted) == ("Failed", {})
    assert "ingestion program ended with exit code 5" in outcome.details
    assert (outcome.results / "partial.txt").is_file()
    assert not outcome.scoring.exists()


SLOW = """
import sys, time
open(sys.argv[2] + "/partial.txt", "w").write("1")
time.sleep(float(1000))
"""


def test_codabench_does_not_stop_a_quiet_ingestion_at_its_limit(run):
    outcome = run("codabench", ingestion=SLOW.replace("1000", "1.5"), limit_s=1)
    assert outcome.status == "Finished"


def test_where_codabenchs_limit_strikes_nothing_is_kept(run):
    outcome = run("codabench", ingestion=SLOW, limit_s=5, enforce_limit=True)
    assert outcome.status == "Failed"
    assert "Execution Time Limit exceeded. Limit was 5 seconds" in outcome.details
    assert not outcome.results.exists()


@pytest.mark.parametrize(("granted", "limit"), [(None, 600), (2, 2), (1200, 1000)])
def test_a_shared_queue_grants_what_the_settings_say_of_it(run, granted, limit, monkeypatch):
    limits = []

    def run_nothing(self, steps, limit_s, watch):
        limits.append(limit_s)
        return [Ended(0, 0.0) for _ in steps]

    monkeypatch.setattr(FolderRunner, "run", run_nothing)
    run("codabench", limit_s=1000, enforce_limit=True, shared_limit_s=granted)
    assert set(limits) == {limit}


def test_codalab_stops_ingestion_at_its_limit_and_keeps_what_is_there(run):
    outcome = run("codalab", ingestion=SLOW, limit_s=5)
    assert outcome.status == "Failed"
    assert (outcome.results / "partial.txt").is_file()
    assert not outcome.scoring.exists()


@BOTH
def test_a_failing_scoring_program_is_failed(run, platform):
    outcome = run(platform, scoring="import sys; sys.exit(3)")
    assert (outcome.status, outcome.posted) == ("Failed", {})
    assert "scoring program ended with exit code 3" in outcome.details


@BOTH
@pytest.mark.parametrize("value", ["float('nan')", "float('inf')", "1e10", "'a'", "None", "True"])
def test_a_score_that_cannot_be_stored_is_finished_and_none_is_posted(run, platform, value):
    scoring = f"""
    import json, sys
    json.dump({{"right": {value}}}, open(sys.argv[3] + "/scores.json", "w"))
    """
    outcome = run(platform, scoring=scoring)
    assert (outcome.status, outcome.posted) == ("Finished", {})
    assert "no score is posted: right is" in outcome.details


@BOTH
def test_scores_are_read_from_the_text_file_where_there_is_no_json(run, platform):
    scoring = 'import sys; open(sys.argv[3] + "/scores.txt", "w").write("right: 0.25\\n")'
    assert run(platform, scoring=scoring).posted == {"right": 0.25}


@BOTH
@pytest.mark.parametrize("scoring", ["", 'import sys; open(sys.argv[3] + "/scores.json", "w")'])
def test_without_readable_scores_it_is_failed(run, platform, scoring):
    assert run(platform, scoring=scoring).status == "Failed"


def test_ingestion_that_writes_metadata_is_failed_with_a_clear_message(run):
    outcome = run("codabench", ingestion='import sys; open(sys.argv[2] + "/metadata", "w")')
    assert outcome.status == "Failed"
    assert "already contains a metadata file" in outcome.details


@BOTH
def test_a_submissions_own_command_is_run_beside_ingestion_with_the_output(run, platform):
    files = {
        "answer.txt": "42",
        "own.py": "import sys; open(sys.argv[1] + '/own.txt', 'w').write('I was here')",
        "metadata": "command: python3 $program/own.py $output",
    }
    outcome = run(platform, files=files)
    assert (outcome.results / "own.txt").read_text() == "I was here"
    assert outcome.status == "Finished"


def test_placeholders_are_replaced_as_text_and_no_shell_reads_the_command(tmp_path):
    folder = _written(tmp_path / "p", "command: run $inputs '$output x' && $program/x $shared\n")
    assert command_of(folder, "ingestion", PLATFORMS["codabench"]) == (
        *("run", "/app/input_datas", "/app/output x", "&&", "/app/program/x", "/app/shared"),
    )
    folder = _written(tmp_path / "s", "command: x $predictions")
    assert command_of(folder, "scoring", PLATFORMS["codabench"]) == ("x", "/app/input/res")


def _written(folder, text):
    folder.mkdir()
    (folder / "metadata.yaml").write_text(text)
    return folder


@pytest.mark.parametrize("text", ["", "description: x", "[1, 2]", "command: ["])
def test_a_program_without_a_command_is_an_error_a_submission_without_one_is_not(tmp_path, text):
    folder = _written(tmp_path / "p", text)
    rules = PLATFORMS["codabench"]
    with pytest.raises(BundleError, match="no 'command' in its metadata"):
        command_of(folder, "scoring", rules)
    assert command_of(folder, "submission", rules) is None


@pytest.mark.parametrize(
    ("platform", "phase", "message"),
    [("codalab", None, "has version 2, which CodaLab cannot read"), ("codabench", "x", "no phase")],
)
def test_a_bundle_of_another_platform_or_without_the_phase_is_refused(
    tmp_path, platform, phase, message
):
    (tmp_path / "competition.yaml").write_text(
        "version: 2\nphases: [{name: First, tasks: [0]}]\ntasks: [{index: 0}]\n"
        "leaderboards: [{columns: [{key: a, index: 0}]}]\n"
    )
    with pytest.raises(BundleError, match=message):
        read_task(tmp_path, platform, phase)
    assert read_task(tmp_path, "codabench", "first").columns == ("a",)


def test_a_bundle_that_lacks_something_is_refused_with_the_next_step(tmp_path):
    (tmp_path / "competition.yaml").write_text("version: 2\nphases: []\n")
    with pytest.raises(BundleError, match="bundle-check"):
        read_task(tmp_path, "codabench", None)
    (tmp_path / "competition.yaml").unlink()
    with pytest.raises(BundleError, match="has no competition.yaml"):
        read_task(tmp_path, "codabench", None)


V2 = """
version: 2
docker_image: none
phases: [{index: 0, name: Only, tasks: [0]}]
tasks:
  - {index: 0, ingestion_program: ingest, scoring_program: score, reference_data: truth}
leaderboards: [{columns: [{key: right, index: 0}]}]
"""


@pytest.mark.parametrize(
    ("answer", "scoring", "code", "words"),
    [
        ("42", COMPARES, 0, ["Finished.", "right: 1.0"]),
        ("41", COMPARES, 0, ["Finished.", "right: 0.0"]),
        (
            "42",
            "import sys; sys.exit(3)",
            1,
            ["Failed. the scoring program ended with exit code 3"],
        ),
    ],
)
def test_the_command_prints_what_the_platform_would_show(tmp_path, answer, scoring, code, words):
    files = {
        "bundle/competition.yaml": V2,
        "bundle/ingest/metadata.yaml": INGESTION,
        "bundle/ingest/run.py": COPIES,
        "bundle/score/metadata.yaml": SCORING,
        "bundle/score/score.py": scoring,
        "bundle/truth/truth.txt": "42",
        "mine/metadata": "",
        "mine/answer.txt": answer,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    command = [
        *("emulate", "--platform", "codabench", "--isolation", "process", "--network"),
        *("--bundle", str(tmp_path / "bundle"), "--submission", str(tmp_path / "mine")),
        *("--out", str(tmp_path / "out")),
    ]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == code, done.output
    for word in ["phase Only: a folder tree", *words, "logs and outputs:"]:
        assert word in done.output.replace("\n", " ")
    assert (tmp_path / "out" / "codabench" / "logs" / "scoring.stderr").is_file()

"""The folder OUT: its layout, what it is bound to, and what an earlier layout is told."""

import threading
import time

import pytest

from zcnas.errors import ResultsError
from zcnas.organiser.results.folder import (
    BenchmarkBinding,
    ResultsFolder,
    RunRecord,
    SubmissionRecord,
)
from zcnas.organiser.results.merging import merge
from zcnas.organiser.results.status import status_of
from zcnas.phases import Limits
from zcnas.words.records import write_json

KEY = "nasbench201_cifar10"
OURS = (
    "leaderboard",
    "leaderboard.json",
    "leaderboard.csv",
    "run.json",
    "events.jsonl",
    "audit.json",
)
LIMITS = Limits(
    query_cpu_s=1, benchmark_cpu_s=1, setup_s=1, memory_mb=1, processes=1, scratch_mb=1, log_kb=1
)


def run_record(**changes):
    binding = {
        "input_sha256": "1" * 64,
        "minibatch_sha256": "2" * 64,
        "data_source": "synthetic",
        "architectures": 2,
        "limits": LIMITS,
        **changes,
    }
    return RunRecord(
        phase="practice",
        isolation="process",
        isolation_description="",
        program_sha256="",
        image="",
        benchmarks={KEY: BenchmarkBinding(**binding)},
    )


@pytest.fixture
def old(tmp_path):
    """A run of the first layout: submissions lie in OUT itself."""
    record = {"schema_version": 1, "phase": "practice", "benchmarks": {}}
    write_json(tmp_path / "out" / "run.json", record)
    (tmp_path / "out" / "ada").mkdir()
    (tmp_path / "out" / "ada" / "submission.json").write_text('{"name": "ada"}')
    (tmp_path / "out" / "notes.txt").write_text("not of a run")
    return ResultsFolder(tmp_path / "out")


def test_results_of_the_first_layout_are_refused_with_the_reason_and_the_way_on(old, tmp_path):
    tries = (
        lambda: old.bind(run_record()),
        lambda: status_of(old),
        lambda: merge([old.path], tmp_path / "merged"),
    )
    for attempt in tries:
        with pytest.raises(ResultsError) as refused:
            attempt()
        said = str(refused.value)
        assert "schema 1, this version writes 2" in said
        assert "resume with the version that started the run, name another --out, or" in said
        assert "--anew" in said
    assert (old.path / "ada" / "submission.json").exists()


def test_starting_over_deletes_what_the_first_layout_left_and_nothing_else(old):
    old.clear()
    assert [path.name for path in old.path.iterdir()] == ["notes.txt"]
    old.bind(run_record())
    assert old.bound() == run_record()


@pytest.mark.parametrize("name", [*OURS, "submissions", "submissions.csv", ".lock"])
def test_no_submissions_name_meets_a_file_of_ours(tmp_path, name):
    results = ResultsFolder(tmp_path / "out")
    results.bind(run_record())
    folder = results.open_submission(
        SubmissionRecord(name=name, sha256="a", refusal="", position=0)
    )
    assert folder == tmp_path / "out" / "submissions" / name
    for ours in OURS:
        if ours != "leaderboard":
            (results.path / ours).touch()
    assert [record.name for record in results.submissions()] == [name]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"minibatch_sha256": "3" * 64},
            f"{KEY}: another minibatch \\(synthetic there, synthetic\\)",
        ),
        ({"input_sha256": "3" * 64}, f"{KEY}: other architectures or another evaluation seed"),
    ],
)
def test_a_folder_of_other_inputs_is_refused(tmp_path, change, said):
    results = ResultsFolder(tmp_path / "out")
    results.bind(run_record())
    results.bind(run_record())
    with pytest.raises(ResultsError, match=said):
        results.bind(run_record(**change))
    assert results.bound() == run_record(), "the folder stays bound to its run"


def test_a_look_at_the_folder_does_not_keep_a_run_from_starting(tmp_path):
    """`zcnas status`, or a server that shows its queue, once failed a run that began just then."""
    results = ResultsFolder(tmp_path)
    looking = threading.Event()

    def look():
        with results.locked(patience_s=0):
            looking.set()
            time.sleep(0.3)

    thread = threading.Thread(target=look)
    thread.start()
    looking.wait()
    with results.locked():
        assert results.in_use()
    thread.join()
    refused = pytest.raises(ResultsError, match="another run is writing")
    with results.locked(), refused, results.locked(patience_s=0.1):
        pass

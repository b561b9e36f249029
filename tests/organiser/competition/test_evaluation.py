"""What a host is told, and what is believed of its reports."""

import dataclasses
import io
import json
import pickle
import pickletools

import msgspec
import numpy as np
import pytest

from zcnas.datasets.frozen import freeze_minibatch, thaw_minibatch
from zcnas.datasets.minibatch import Minibatch
from zcnas.errors import InputDataError, OrganiserError
from zcnas.organiser.competition.evaluation import Combination, Evaluation, Report, decode_report
from zcnas.phases import load_phase
from zcnas.words.records import (
    Manifest,
    OrganiserManifest,
    Prediction,
    PublicManifest,
    read_reference,
)

from .conftest import KEYS


def texts_of(value):
    """Return every text, number and byte string in a value, however deep."""
    if isinstance(value, msgspec.Struct) or dataclasses.is_dataclass(value):
        names = getattr(value, "__struct_fields__", None) or vars(value)
        return [text for name in names for text in texts_of(getattr(value, name))]
    if isinstance(value, dict):
        return [text for item in value.items() for each in item for text in texts_of(each)]
    if isinstance(value, (tuple, list)):
        return [text for each in value for text in texts_of(each)]
    return [value]


def test_an_evaluation_survives_a_pickle_and_is_a_value(evaluation):
    assert pickle.loads(pickle.dumps(evaluation)) == evaluation  # noqa: S301 - our own


def test_the_pickle_of_an_evaluation_holds_no_truth_no_draw_seed_and_no_credential(
    evaluation, light_phase, tmp_path
):
    content = pickle.dumps(evaluation)
    accuracies = {
        value
        for key in KEYS
        for value in read_reference(light_phase / "ref" / f"{key}.json").accuracies.values()
    }
    told = [argument for _, argument, _ in pickletools.genops(content) if argument is not None]
    told += texts_of(pickle.loads(content))  # noqa: S301 - our own
    numbers = {float(each) for each in told if isinstance(each, (int, float))}
    assert not numbers & accuracies
    text = " ".join(str(each) for each in told)
    draw_seed = load_phase(light_phase / "phases.toml", "practice").draw_seed
    for secret in (draw_seed, "a-credential-of-the-organiser", str(tmp_path), "reference"):
        assert secret not in text
        assert secret.encode() not in content
    for value in accuracies:
        assert repr(value) not in text


def test_a_task_has_these_fields_and_no_other():
    """Whoever adds one thinks about whether a participant's host may hold it."""
    common = (
        *("submission", "submission_sha256", "archive", "data", "limits", "plugins"),
        *("program_sha256", "image", "labels", "paced", "run"),
    )
    asked = ("used_cpu_s", "used_wall_s", "second_chance", "minibatch")
    assert Evaluation.__struct_fields__ == (*common, *asked)
    assert Combination.__struct_fields__ == (*common, "answers", "minibatch")


def manifest(evaluation, **other):
    public = {
        "benchmark": evaluation.data.benchmark,
        "submission": evaluation.submission,
        "method": "m",
        "submission_sha256": evaluation.submission_sha256,
        "isolation": "docker",
        "data_source": "s",
        "batch_size": 2,
        "architectures": 15,
        "limits": {},
        "versions": {},
        "cpu_model": "c",
        "setup_status": "ok",
        "setup_message": "",
        "start_up_s": 1.0,
        "setup_wall_s": 1.0,
        "worker_starts": 1,
        "wall_time_s": 1.0,
        "cpu_time_s": 1.0,
        **other,
    }
    organiser = OrganiserManifest(eval_seed=1, input_sha256="", cpu=0, image="", started_at="")
    return Manifest(public=PublicManifest(**public), organiser=organiser)


def good(evaluation):
    return {
        "benchmark": evaluation.data.benchmark,
        "submission_sha256": evaluation.submission_sha256,
        "prediction": Prediction(id=evaluation.data.architectures[3].id, status="ok", score=1.0),
        "log": "printed",
        "manifest": manifest(evaluation),
    }


def test_a_report_on_an_architecture_that_was_asked_for_is_believed(evaluation):
    report = decode_report(msgspec.json.encode(Report(**good(evaluation))), evaluation)
    assert report.prediction.score == 1.0
    assert report.log == "printed"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"benchmark": "nasbench301_cifar10"}, "a host reported on .*nasbench301_cifar10"),
        ({"submission_sha256": "0" * 64}, "a host reported on .*0000"),
        (
            {"prediction": Prediction(id="0badc0de", status="error")},
            "that was not requested: 0badc0de",
        ),
    ],
)
def test_a_report_on_something_else_is_refused(evaluation, change, message):
    content = msgspec.json.encode(Report(**{**good(evaluation), **change}))
    with pytest.raises(OrganiserError, match=message):
        decode_report(content, evaluation)


@pytest.mark.parametrize("name", ["benchmark", "submission", "submission_sha256"])
def test_a_manifest_of_something_else_is_refused(evaluation, name):
    other = {**good(evaluation), "manifest": manifest(evaluation, **{name: "other"})}
    with pytest.raises(OrganiserError, match="manifest is of .*'other'"):
        decode_report(msgspec.json.encode(Report(**other)), evaluation)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "NoneType instead of"),
        ({"benchmark": "b"}, "dict instead of"),
        (b"", "malformed"),
        (b"\x80\x04N.", "malformed"),
        (b'{"benchmark": "b"}', "malformed.*missing required field"),
        (json.dumps({"benchmark": "b", "submission_sha256": 1}).encode(), "malformed"),
    ],
)
def test_what_is_no_record_is_refused_and_never_unpickled(evaluation, content, message):
    with pytest.raises(OrganiserError, match=message):
        decode_report(content, evaluation)


def test_a_score_that_is_no_number_is_refused(evaluation):
    content = msgspec.json.encode(Report(**good(evaluation)))
    with pytest.raises(OrganiserError, match="malformed"):
        decode_report(content.replace(b'"score":1.0', b'"score":"nan"'), evaluation)


@pytest.mark.parametrize("synthetic", [True, False])
def test_a_minibatch_travels_without_a_pickle(synthetic):
    rng = np.random.default_rng(0)
    batch = Minibatch(rng.random((2, 3, 4, 4), np.float32), np.array([0, 1]), "here", synthetic)
    there = thaw_minibatch(freeze_minibatch(batch))
    np.testing.assert_array_equal(there.inputs, batch.inputs)
    np.testing.assert_array_equal(there.targets, batch.targets)
    assert (there.source, there.synthetic) == ("here", synthetic)
    objects = Minibatch(batch.inputs, np.array([object()]), "here")
    with pytest.raises(InputDataError, match="allow_pickle=False"):
        thaw_minibatch(freeze_minibatch(objects))


def test_a_minibatch_frozen_before_that_was_recorded_came_from_published_files():
    content = io.BytesIO()
    np.savez_compressed(
        content, inputs=np.zeros((2, 3, 4, 4), np.float32), targets=[0, 1], source="CIFAR-10"
    )
    found = thaw_minibatch(content.getvalue())
    assert (found.source, found.synthetic) == ("CIFAR-10", False)

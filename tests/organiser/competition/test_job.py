"""What a host is told, and what is believed of its answers."""

import dataclasses
import json
import pickle
import pickletools

import msgspec
import numpy as np
import pytest

from zcnas.datasets import Minibatch
from zcnas.errors import OrganiserError
from zcnas.organiser.competition.job import (
    Job,
    JobResult,
    Report,
    decode_minibatch,
    decode_report,
    decode_result,
    encode_minibatch,
)
from zcnas.phases import load_phase
from zcnas.records import Manifest, OrganiserManifest, Prediction, PublicManifest, read_reference

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


def test_a_job_survives_a_pickle_and_is_a_value(job):
    assert pickle.loads(pickle.dumps(job)) == job  # noqa: S301 - our own


def test_the_pickle_of_a_job_holds_no_truth_no_draw_seed_and_no_credential(
    job, light_phase, tmp_path
):
    content = pickle.dumps(job)
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


def test_a_job_has_these_fields_and_no_other(job):
    """Whoever adds one thinks about whether a participant's host may hold it."""
    assert Job.__struct_fields__ == (
        *("number", "submission", "submission_sha256", "archive", "data", "limits"),
        *("used_cpu_s", "used_wall_s", "minibatch", "program_sha256", "image"),
    )


def manifest(job, **other):
    public = {
        "benchmark": job.data.benchmark,
        "submission": job.submission,
        "method": "m",
        "submission_sha256": job.submission_sha256,
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


def good(job):
    return {
        "job": job.number,
        "host": "far",
        "predictions": tuple(
            Prediction(id=entry.id, status="ok", score=1.0) for entry in job.data.architectures
        ),
        "manifest": manifest(job),
        "log": "",
        "fault": "",
    }


def test_a_complete_result_is_believed(job):
    result = decode_result(msgspec.json.encode(JobResult(**good(job))), job)
    assert len(result.predictions) == 15


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda good: {"predictions": good["predictions"][1:]}, "left out 1 predictions"),
        (lambda good: {"manifest": None}, "left out 0 predictions or the manifest"),
        (lambda good: {"job": 99}, "answered job 99 when asked for 0"),
        (
            lambda good: {"predictions": (*good["predictions"][1:], good["predictions"][1])},
            "one architecture twice",
        ),
        (
            lambda good: {"predictions": (Prediction(id="0badc0de", status="error"),)},
            "nobody asked for: 0badc0de",
        ),
    ],
)
def test_a_result_that_is_not_of_this_job_is_refused(job, change, message):
    content = msgspec.json.encode(JobResult(**{**good(job), **change(good(job))}))
    with pytest.raises(OrganiserError, match=message):
        decode_result(content, job)


@pytest.mark.parametrize("name", ["benchmark", "submission", "submission_sha256"])
def test_a_manifest_of_something_else_is_refused(job, name):
    content = msgspec.json.encode(
        JobResult(**{**good(job), "manifest": manifest(job, **{name: "other"})})
    )
    with pytest.raises(OrganiserError, match="manifest speaks of .*'other'"):
        decode_result(content, job)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "NoneType instead of"),
        ({"job": 0}, "dict instead of"),
        (b"", "malformed"),
        (b"\x80\x04N.", "malformed"),
        (b'{"job": 0}', "malformed.*missing required field"),
        (json.dumps({"job": 0, "host": 1}).encode(), "malformed"),
    ],
)
def test_what_is_no_record_is_refused_and_never_unpickled(job, content, message):
    with pytest.raises(OrganiserError, match=message):
        decode_result(content, job)


def test_a_score_that_is_no_number_is_refused(job):
    content = msgspec.json.encode(JobResult(**good(job))).replace(b'"score":1.0', b'"score":"nan"')
    with pytest.raises(OrganiserError, match="malformed"):
        decode_result(content, job)


def test_a_report_on_another_jobs_architecture_is_refused(job):
    report = Report(job=job.number, prediction=Prediction(id="0badc0de", status="error"))
    with pytest.raises(OrganiserError, match="nobody asked for"):
        decode_report(msgspec.json.encode(report), job)


def test_a_minibatch_travels_without_a_pickle():
    rng = np.random.default_rng(0)
    batch = Minibatch(rng.random((2, 3, 4, 4), np.float32), np.array([0, 1]), "here")
    there = decode_minibatch(encode_minibatch(batch), "here")
    np.testing.assert_array_equal(there.inputs, batch.inputs)
    np.testing.assert_array_equal(there.targets, batch.targets)
    objects = Minibatch(batch.inputs, np.array([object()]), "here")
    with pytest.raises(ValueError, match="allow_pickle=False"):
        decode_minibatch(encode_minibatch(objects), "here")

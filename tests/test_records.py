import json
import math
import struct
import sys
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zcnas.errors import InputDataError, PredictionError, ReferenceDataError
from zcnas.words.records import (
    MISSING,
    STATUSES,
    Prediction,
    Status,
    encode_score,
    parse_predictions,
    read_input,
    read_predictions,
    read_reference,
    write_json,
)
from zcnas.worker.channel import ANSWER_STATUSES

REFERENCE = {
    "benchmark": "nasbench201_cifar10",
    "metric": "validation accuracy",
    "unit": "percent",
    "source": "somewhere",
    "version": "1",
    "table_sha256": "00",
    "accuracies": {"00000001": 1.0, "00000002": 2.0},
}
INPUT = {
    "benchmark": "nasbench201_cifar10",
    "search_space": "nasbench201",
    "dataset": "cifar10",
    "batch_size": 4,
    "eval_seed": 1,
    "architectures": [{"id": "00000001", "spec": "x"}],
}


def line(**changes) -> str:
    return json.dumps({"id": "00000001", "status": "ok", "score": 1.5, **changes})


@given(score=st.floats(allow_nan=False))
@example(score=sys.float_info.max)
@example(score=-sys.float_info.max)
@example(score=-1.79e308)
@example(score=5e-324)
@example(score=-0.0)
@example(score=math.inf)
@example(score=-math.inf)
def test_every_score_survives_the_file_to_the_last_bit(score):
    prediction = Prediction(id="00000001", status="ok", score=encode_score(score))
    text = msgspec.json.encode(prediction) + b"\n"
    assert b"Infinity" not in text
    (read,) = parse_predictions(text, Path("p.jsonl"))
    assert struct.pack("d", read.value) == struct.pack("d", score)


def test_a_line_cut_off_by_a_crash_does_not_lose_the_lines_before_it(tmp_path):
    path = tmp_path / "p.jsonl"
    second = line(id="00000002", status="error", score=None)
    path.write_text(line() + "\n" + second + "\n" + line(id="00000003")[:25])
    assert [prediction.id for prediction in read_predictions(path)] == ["00000001", "00000002"]


def test_a_damaged_line_in_the_middle_is_refused_with_its_number(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text(line()[:20] + "\n" + line() + "\n")
    with pytest.raises(PredictionError, match="line 1 is malformed"):
        read_predictions(path)


def test_an_id_predicted_twice_is_refused(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text(line() + "\n" + line() + "\n")
    with pytest.raises(PredictionError, match="more than one prediction for 00000001"):
        read_predictions(path)


@pytest.mark.parametrize(
    "bad",
    [
        '{"id": "00000001", "status": "ok", "score": NaN}',
        '{"id": "00000001", "status": "ok", "score": Infinity}',
        line(score=None),
        line(status="error"),
        line(status="fine"),
        line(score="high"),
        line(id="../../etc"),
        line(accuracy=1),
        line(wall_time_s=-1),
        '{"id": "00000001", "status": "ok", "score": 1e999}',
        '{"id": "00000001", "status": "ok", "score": -1.7976931348623159e308}',
        "[]",
    ],
)
def test_a_line_that_is_no_prediction_is_refused(tmp_path, bad):
    path = tmp_path / "p.jsonl"
    path.write_text(bad + "\n")
    with pytest.raises(PredictionError, match="line 1 is malformed"):
        read_predictions(path)


def test_missing_predictions_are_refused_with_the_path(tmp_path):
    with pytest.raises(PredictionError, match="cannot read .*p.jsonl"):
        read_predictions(tmp_path / "p.jsonl")


@pytest.mark.parametrize("value", [-0.1, 100.5, 912.3, 1e308, 0.93, 1e-9])
def test_an_accuracy_that_is_no_percentage_is_refused_with_file_and_id(tmp_path, value):
    path = tmp_path / "r.json"
    accuracies = {"00000001": 93.1, "00000002": value}
    path.write_text(json.dumps({**REFERENCE, "accuracies": accuracies}))
    with pytest.raises(ReferenceDataError, match="for 00000002, which is not a") as told:
        read_reference(path)
    assert str(told.value).startswith(f"{path} has the accuracy {value} for")


def test_a_metric_without_a_unit_has_no_range(tmp_path):
    path = tmp_path / "r.json"
    accuracies = {"00000001": -0.6, "00000002": 250.0}
    path.write_text(json.dumps({**REFERENCE, "unit": "1", "accuracies": accuracies}))
    assert read_reference(path).accuracies == accuracies


@pytest.mark.parametrize("key", ['"00000001": 1.0', '"00000001": 3.0'])
def test_a_key_that_a_file_has_twice_is_refused_whatever_its_value(tmp_path, key):
    path = tmp_path / "r.json"
    text = json.dumps(REFERENCE).replace('"00000002"', f'{key}, "00000002"')
    path.write_text(text)
    with pytest.raises(ReferenceDataError, match="r.json has a duplicate key '00000001'"):
        read_reference(path)
    path.write_text(json.dumps(INPUT).replace('"batch_size"', '"batch_size": 9, "batch_size"'))
    with pytest.raises(InputDataError, match="r.json has a duplicate key 'batch_size'"):
        read_input(path)


def test_a_reference_that_ranks_nothing_is_refused(tmp_path):
    path = tmp_path / "r.json"
    path.write_text(json.dumps({**REFERENCE, "accuracies": {"00000001": 1.0, "00000002": 1.0}}))
    with pytest.raises(ReferenceDataError, match="nothing to rank"):
        read_reference(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"accuracies": {"00000001": "high"}}, "malformed"),
        ({"accuracies": {"..": 1.0}}, "malformed"),
        ({"extra": 1}, "unknown field"),
    ],
)
def test_a_malformed_reference_is_refused_with_the_place(tmp_path, change, message):
    path = tmp_path / "r.json"
    path.write_text(json.dumps({**REFERENCE, **change}))
    with pytest.raises(ReferenceDataError, match=message):
        read_reference(path)


def test_an_input_with_an_id_twice_is_refused(tmp_path):
    path = tmp_path / "i.json"
    path.write_text(json.dumps({**INPUT, "architectures": INPUT["architectures"] * 2}))
    with pytest.raises(InputDataError, match="duplicate ids: 00000001"):
        read_input(path)


def test_a_missing_input_is_refused_with_the_path(tmp_path):
    with pytest.raises(InputDataError, match="cannot read .*i.json"):
        read_input(tmp_path / "i.json")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_and_infinities_never_get_into_a_file(tmp_path, value):
    path = tmp_path / "scores.json"
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"score": value})
    assert not path.exists()


def test_every_status_has_a_meaning_and_a_worker_claims_only_known_ones():
    assert set(STATUSES) == {*get_args(Status), MISSING}
    assert set(ANSWER_STATUSES) < set(get_args(Status))

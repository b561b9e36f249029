"""Answers in parts: which are combined, in which order, and how their scores come back."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcnas.errors import PredictionError
from zcnas.judging.score import score_benchmark
from zcnas.words.combined import (
    Combined,
    CombineOutcome,
    answers_of,
    combined_of,
    digest_of_answers,
    in_order,
    read_outcomes,
    with_scores,
)
from zcnas.words.records import BenchmarkInput, Prediction, Reference, parse_predictions
from zcnas.words.result_files import ResultFiles

KEY = "nasbench201_cifar10"
DATA = BenchmarkInput(
    benchmark=KEY,
    search_space="nasbench201",
    dataset="cifar10",
    batch_size=4,
    eval_seed=7,
    architectures=(),
)
ANSWERS = [
    Prediction(id="0000000a", status="ok", parts={"a": 1.0, "b": "inf"}),
    Prediction(id="0000000b", status="error", message="ValueError"),
    Prediction(id="0000000c", status="ok", parts={"a": 2.0, "b": 0.5}),
]
SCORED = combined_of(
    KEY, answers_of(ANSWERS), CombineOutcome(status="ok", scores=(5.0, "-inf"), cpu_time_s=0.5)
)
FAILED = combined_of(KEY, answers_of(ANSWERS), CombineOutcome(status="timeout", message="too slow"))
numbers = st.floats(allow_nan=False).map(lambda x: x if abs(x) < float("inf") else "inf")


def test_a_failed_query_is_missing_from_the_answers():
    assert list(answers_of(ANSWERS)) == ["0000000a", "0000000c"]


def test_nothing_is_combined_where_every_answer_is_one_number():
    assert answers_of([Prediction(id="0000000a", status="ok", score=1.0), ANSWERS[1]]) == {}


def test_a_plain_number_among_answers_in_parts_becomes_one_of_them():
    plain = Prediction(id="0000000d", status="ok", score=3.0)
    assert answers_of([*ANSWERS, plain])["0000000d"] == {"score": 3.0}


@given(st.permutations([f"{n:08x}" for n in range(12)]))
def test_the_order_is_the_same_whoever_answers_and_in_which_order(tokens):
    first = in_order({token: {"a": 1.0} for token in tokens}, DATA)
    other = in_order({token: {"b": 2.0} for token in sorted(tokens)}, DATA)
    assert list(first) == list(other)


def test_the_order_is_neither_that_of_the_ids_nor_that_of_another_seed():
    tokens = [f"{n:08x}" for n in range(50)]
    answers = {token: {"a": 1.0} for token in tokens}
    order = list(in_order(answers, DATA))
    assert order != tokens
    assert order != list(in_order(answers, msgspec.structs.replace(DATA, eval_seed=8)))


@pytest.mark.parametrize(
    "scores", [{"0000000a": 5.0}, {"0000000a": 5.0, "0000000b": 1.0}, {"0000000d": 1.0}]
)
def test_scores_of_other_architectures_than_were_combined_are_refused(scores):
    damaged = msgspec.structs.replace(SCORED, scores=scores)
    with pytest.raises(PredictionError, match=r"combined\.json has . scores for 2 answers"):
        with_scores(ANSWERS, damaged)


def test_scores_come_back_to_the_answers_they_belong_to():
    found = with_scores(ANSWERS, SCORED)
    assert [(each.status, each.value) for each in found] == [
        ("ok", 5.0), ("error", None), ("ok", float("-inf")),
    ]  # fmt: skip


def test_a_failed_combine_fails_every_answer_and_says_where():
    found = with_scores(ANSWERS, FAILED)
    assert [each.status for each in found] == ["timeout", "error", "timeout"]
    assert [each.message for each in found][::2] == ["in combine: too slow"] * 2


def test_scores_of_other_answers_are_not_taken():
    more = [*ANSWERS, Prediction(id="0000000d", status="ok", parts={"a": 3.0})]
    assert [each.is_open for each in with_scores(more, SCORED)] == [True, False, True, True]


def test_a_failed_query_ranks_below_every_combined_score():
    truth = {"0000000a": 3.0, "0000000b": 1.0, "0000000c": 2.0}
    reference = Reference(
        benchmark=KEY, metric="accuracy", unit="%", source="s", version="1", table_sha256="0" * 64,
        accuracies=truth,
    )  # fmt: skip
    assert score_benchmark(with_scores(ANSWERS, SCORED), reference, 0.0).tau == 1.0
    assert score_benchmark(with_scores(ANSWERS, FAILED), reference, 0.0).answered == 0
    with pytest.raises(PredictionError, match="2 answers of nasbench201_cifar10 have not been"):
        score_benchmark(ANSWERS, reference, 0.0)


def test_the_files_say_what_was_recorded(tmp_path):
    files = ResultFiles(tmp_path, KEY)
    lines = b"".join(msgspec.json.encode(each) + b"\n" for each in ANSWERS)
    files.predictions.write_bytes(lines)
    assert [each.is_open for each in read_outcomes(files)] == [True, False, True]
    files.combined.write_bytes(msgspec.json.encode(SCORED))
    assert read_outcomes(files) == with_scores(ANSWERS, SCORED)
    files.combined.write_text('{"benchmark": "b"}')
    with pytest.raises(PredictionError, match="malformed"):
        read_outcomes(files)


def test_a_line_of_one_number_is_what_it_always_was():
    line = msgspec.json.encode(Prediction(id="0000000a", status="ok", score=1.5))
    assert b"parts" not in line


@given(st.dictionaries(st.text("abc ", min_size=1, max_size=40), numbers, min_size=1, max_size=64))
def test_parts_survive_the_file_to_the_last_bit_and_in_their_order(parts):
    prediction = Prediction(id="0000000a", status="ok", parts=parts)
    (read,) = parse_predictions(msgspec.json.encode(prediction) + b"\n", Path("p"))
    assert list(read.parts.items()) == list(parts.items())
    assert digest_of_answers(answers_of([read])) == digest_of_answers(answers_of([prediction]))


@pytest.mark.parametrize("parts", [{}, {"a": "nan"}, {"": 1.0}, {"x" * 41: 1.0}, {"a": None}])
def test_parts_beyond_the_bounds_are_no_line(parts):
    line = msgspec.json.encode({"id": "0000000a", "status": "ok", "score": None, "parts": parts})
    with pytest.raises(PredictionError, match="line 1 is malformed"):
        parse_predictions(line + b"\n", Path("p"))


def test_a_record_has_scores_exactly_if_it_is_ok():
    with pytest.raises(ValueError, match="contradicts 0 scores"):
        Combined(benchmark=KEY, answers_sha256="", status="ok", scores={})

"""One call of ``combine`` per benchmark: what it is given, what it is not, and how it can fail."""

import json

import msgspec
import pytest

from zcnas.isolation.process import ProcessIsolation
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec

SPECS = tuple(
    str(NasBench201Spec((op, "none", "none", "none", "skip_connect", "skip_connect")))
    for op in ("nor_conv_3x3", "nor_conv_1x1", "skip_connect")
)
RANKS = """
class ZeroCostPredictor:
    def __init__(self):
        self.told = []
    def set_ss_type(self, name):
        self.told.append(name)
    def pre_process(self):
        self.told.append("ready")
    def query(self, graph, dataloader=None):
        self.told.append("asked")
        n = sum(p.numel() for p in graph.parameters())
        if n == min(NOT_ANSWERED, default=n + 1): raise ValueError("no")
        return {"params": n, "minus": -float(n)}
    def combine(self, answers):
        assert self.told == ["nasbench201", "ready"], self.told
        assert all(list(each) == ["params", "minus"] for each in answers)
        order = sorted(each["params"] for each in answers)
        print("given", answers)
        return [order.index(each["params"]) for each in answers]
NOT_ANSWERED = []
"""
PARTS = """
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return {{"params": sum(p.numel() for p in graph.parameters())}}
    def combine(self, answers):
        {body}
"""


def test_combine_makes_the_scores_of_a_new_instance(ingest_source, isolation):
    predictions, manifest, recording = ingest_source(RANKS, isolation, specs=SPECS)
    assert [each.score for each in predictions] == [None] * 3, "what was answered stays recorded"
    assert [each.value for each in recording.outcomes] == [2.0, 1.0, 0.0]
    assert manifest.public.combines
    assert recording.combined.status == "ok"
    assert recording.combined.cpu_time_s > 0
    assert "--- combine\ngiven [" in recording.log


def test_a_failed_query_is_missing_and_its_answer_fails_alone(ingest_source):
    source = RANKS.replace("NOT_ANSWERED = []", "NOT_ANSWERED = [73306]")
    predictions, _, recording = ingest_source(source, ProcessIsolation(), specs=SPECS)
    failed = [each for each in predictions if each.status != "ok"]
    assert [each.status for each in failed] == ["error"] * len(failed)
    given = json.loads(recording.log.split("given ")[1].split("\n")[0].replace("'", '"'))
    assert len(given) == 3 - len(failed) == len(recording.combined.scores)


def test_the_answers_come_in_an_order_that_is_not_the_draws(ingest_source):
    source = PARTS.format(body="print('given', answers); return [0] * len(answers)")
    one, other = [], []
    for specs, given in ((SPECS, one), (SPECS[::-1], other)):
        _, _, recording = ingest_source(source, ProcessIsolation(), specs=specs)
        text = recording.log.split("given ")[1].split("\n")[0].replace("'", '"')
        given += [each["params"] for each in json.loads(text)]
    by_id = sorted(one, reverse=True)  # as the first draw has them; the second the other way round
    places = [by_id.index(each) + by_id.index(twin) for each, twin in zip(one, other, strict=True)]
    assert places == [2, 2, 2], "the ids decide, and nothing else"


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("raise ValueError('my fault')", "error", "ValueError: my fault (predictor.py, line 6)"),
        pytest.param(
            "return [1.0]",
            "invalid",
            "combine returned 1 scores for 2 answers",
            marks=pytest.mark.slow,
        ),
        ("return [1.0, float('nan')]", "invalid", "answer 2 of 2 NaN; expected a number"),
        pytest.param(
            "return [1.0, None]",
            "invalid",
            "answer 2 of 2 NoneType None; expected one number",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "return 3",
            "invalid",
            "combine returned int 3; expected a list of 2 scores",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "return None", "invalid", "combine returned NoneType None", marks=pytest.mark.slow
        ),
        ("import os; os._exit(3)", "killed", "os._exit was called (predictor.py, line 6)"),
        pytest.param("return bytearray(1 << 40)", "memory", "MemoryError", marks=pytest.mark.slow),
    ],
)
def test_a_combine_that_fails_fails_every_answer_alike(ingest_source, body, status, message):
    _, _, recording = ingest_source(PARTS.format(body=body), ProcessIsolation())
    assert {each.status for each in recording.outcomes} == {status}
    assert {each.message for each in recording.outcomes} == {recording.outcomes[0].message}
    assert recording.outcomes[0].message.startswith("in combine: ")
    assert message in recording.outcomes[0].message


def test_a_combine_that_is_too_slow_is_a_timeout_by_its_own_limit(ingest_source, limits):
    limits = msgspec.structs.replace(limits, combine_cpu_s=2)
    source = PARTS.format(body="while True: pass")
    _, _, recording = ingest_source(source, ProcessIsolation(), limits=limits)
    assert recording.combined.status == "timeout"
    by_cpu = "the call of combine used more than 2 s of CPU time"
    busy = "no answer after 6 s"
    assert recording.combined.message.startswith((by_cpu, busy))


def test_infinities_reach_combine_and_come_back(ingest_source):
    source = """
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return {"a": float("inf"), "b": float("-inf")}
    def combine(self, answers):
        return [each["b"] for each in answers]
"""
    _, _, recording = ingest_source(source, ProcessIsolation())
    assert [each.value for each in recording.outcomes] == [float("-inf")] * 2


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{'a': float('nan')}", "query returned under 'a' NaN"),
        ("{'a': torch.ones(2)}", "query returned under 'a' a Tensor of shape (2,)"),
        ("{f'k{i}': i for i in range(1000)}", "a dict of 1000 numbers; expected 1 to 64"),
        ("{}", "a dict of 0 numbers"),
        ("{3: 1.0}", "with the name 3; expected a text"),
        ("{'x' * 41: 1.0}", "of 1 to 40 printable characters"),
        ("{'a': {'b': 1}}", "query returned under 'a' dict"),
    ],
)
def test_a_dict_that_is_no_named_numbers_is_invalid(ingest_source, small, value, message):
    source = f"""
import torch
class ZeroCostPredictor:
    def query(self, graph, dataloader=None):
        return {value}
    def combine(self, answers):
        return [0] * len(answers)
"""
    predictions, _, recording = ingest_source(source, ProcessIsolation(), specs=(small,))
    assert predictions[0].status == "invalid"
    assert message in predictions[0].message
    assert recording.combined is None


def test_without_combine_a_dict_is_invalid_and_says_so(ingest_source, small):
    source = "class ZeroCostPredictor:\n    def query(self, graph): return {'a': 1}\n"
    predictions, _, _ = ingest_source(source, ProcessIsolation(), specs=(small,))
    assert predictions[0].status == "invalid"
    assert "has no combine(self, answers)" in predictions[0].message


def test_an_unused_combine_is_never_called(ingest_source, small):
    source = """
class ZeroCostPredictor:
    def query(self, graph, dataloader=None): return 1
    def combine(self, one, other): raise AssertionError
"""
    predictions, manifest, recording = ingest_source(source, ProcessIsolation(), specs=(small,))
    assert (predictions[0].score, recording.combined, manifest.public.combines) == (
        1.0,
        None,
        False,
    )

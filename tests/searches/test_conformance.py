"""What a third party's algorithm is held to, ours keep; and what breaks it is found."""

import random

import pytest

from zcnas.searches.algorithms import ALGORITHMS, USES_FEATURES
from zcnas.searches.conformance import check_algorithm


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name in ("bp_gcn", "proxybo")))
        for name in ALGORITHMS
    ],
)
def test_our_algorithms_conform(name):
    if name in USES_FEATURES:
        pytest.importorskip("xgboost", reason="pip install 'zcnas[research]'")
    if name == "bp_gcn":
        pytest.importorskip("torch", reason="pip install 'zcnas[run]'")
    check_algorithm(name)


class Uniform:
    """A third party's random search, as docs/plugins.md has it."""

    def __init__(self, setting):
        self.setting = setting

    def ask(self, count):
        return [self.setting.rng.randrange(len(self.setting.candidates)) for _ in range(count)]

    def tell(self, place, accuracy):
        pass


class Unseeded(Uniform):
    def ask(self, count):
        return [random.SystemRandom().randrange(len(self.setting.candidates))]


class Stuck(Uniform):
    def ask(self, count):
        return [0]


class Generous(Uniform):
    def ask(self, count):
        return super().ask(count + 1)


@pytest.mark.parametrize(
    ("algorithm", "problem"),
    [
        (Unseeded, "one seed gives two trials"),
        (Stuck, "it trains 1 models of a budget of 40"),
        (Generous, "at most 5 alternatives it returns 6"),
    ],
)
def test_a_broken_algorithm_is_told_what_is_wrong(monkeypatch, algorithm, problem):
    monkeypatch.setitem(ALGORITHMS, "third", Uniform)
    check_algorithm("third")
    monkeypatch.setitem(ALGORITHMS, "third", algorithm)
    with pytest.raises(AssertionError, match=problem):
        check_algorithm("third")

"""The reference predictor with labels, and fitted on other benchmarks."""

import json
import math
import random
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from zcnas.benchmarks import BENCHMARKS, get_benchmark
from zcnas.search_spaces import build_network, get_search_space
from zcnas.worker.contract import load_predictor

KIT = Path(__file__).parents[2] / "starting_kit"
REFERENCE = KIT / "submissions" / "reference"
TRANSFER = KIT / "submissions" / "reference_transfer"
FEW_LABELS = KIT / "few_labels" / "reference"
PLAIN = {
    "alive": 1, "reconstructs": 0,
    "macs": 1.0, "params": 1.0, "nwot": 1.0, "number": 1.0, "longest": 1.0,
    "deepest": 1.0, "shortest": 1.0, "large": 1.0, "small": 1.0, "pools": 1.0, "halvings": 1.0,
}  # fmt: skip
PATHS = ("longest", "shortest", "pools", "halvings", "reconstructs", "alive")
LABELS_OF_WEIGHTS = 5270
"""Architectures with accuracies, all 28 benchmarks together, that the weights were fitted on."""


def networks(key, count):
    benchmark, rng = get_benchmark(key), random.Random(5)
    spec = get_search_space(benchmark.search_space).spec
    torch.manual_seed(0)
    return [build_network(spec.sample(rng), benchmark) for _ in range(count)]


def batch(size=8):
    return [(torch.randn(size, 3, 32, 32), torch.arange(size) % 10)]


def test_both_see_the_same_in_a_network():
    first, second = (each / "features.py" for each in (TRANSFER, FEW_LABELS))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("folder", [TRANSFER, FEW_LABELS])
def test_their_formula_is_that_of_the_reference_without_labels(folder):
    assert (folder / "formula.py").read_bytes() == (REFERENCE / "formula.py").read_bytes()


def test_they_see_the_paths_that_the_reference_without_labels_sees():
    found = []
    for folder in (FEW_LABELS, REFERENCE):
        ask = load_predictor(folder).query
        answers = [ask(each, batch()) for each in networks("nasbench201_cifar10", 3)]
        found.append([[a[part] for part in PATHS] for a in answers])
    assert found[0] == found[1]


def test_a_known_benchmark_gets_weights_that_were_fitted_without_it():
    load_predictor(TRANSFER)
    weights = sys.modules["submitted.weights"]
    spaces = {each.search_space for each in BENCHMARKS.values()}
    assert spaces | {""} <= set(weights.NAMES)
    (network,) = networks("nasbench201_cifar100", 1)
    name = weights.weights_for(type(network).__module__, *batch()[0], network.num_classes)
    assert name == "nasbench201 (3, 32, 32) () 100"
    assert weights.WEIGHTS[name] != weights.WEIGHTS["nasbench201"]


@pytest.mark.parametrize(
    ("module", "name"),
    [("zcnas.search_spaces.nasbench201.network", "nasbench201"), ("somebody.else", "")],
)
def test_unknown_data_get_their_spaces_weights_and_an_unknown_space_those_of_all(module, name):
    load_predictor(TRANSFER)
    images, targets = torch.zeros(2, 3, 7, 7), torch.zeros(2)
    assert sys.modules["submitted.weights"].weights_for(module, images, targets, 3) == name


def test_there_are_fewer_weights_than_a_quarter_of_the_labels():
    weights = json.loads((TRANSFER / "weights.json").read_text())
    assert sum(map(len, weights.values())) <= LABELS_OF_WEIGHTS / 4


def test_random_features_stand_for_the_gaussian_kernel():
    load_predictor(TRANSFER)
    weights = sys.modules["submitted.weights"]
    rows = np.random.default_rng(0).standard_normal((200, 11))
    found = weights.lifted(rows)[:, 11:]
    distances = ((rows[:, None] - rows[None]) ** 2).sum(axis=2) / 11
    assert np.abs(found @ found.T - np.exp(-0.3 * distances)).mean() < 0.15


def test_transfer_ranks_networks_of_a_space_and_the_blind_one_last():
    predictor = load_predictor(TRANSFER)
    answers = [predictor.query(each, batch()) for each in networks("nasbench201_cifar10", 4)]
    scores = predictor.combine([*answers, answers[0] | {"alive": 0}])
    assert scores[-1] == -math.inf
    assert len(set(scores[:-1])) == 4
    assert all(map(math.isfinite, scores[:-1]))


def test_transfer_gives_images_back_by_the_formula_alone():
    predictor = load_predictor(TRANSFER)
    answers = [
        PLAIN | {"reconstructs": 1, "weights": 0, "shortest": short, "longest": 4.0 - short}
        for short in (1.0, 2.0, 3.0)
    ]
    formula = sys.modules["submitted.formula"]
    assert predictor.combine(answers) == formula.standard(formula.formula(answers)).tolist()


def answers_along(part, values):
    return [PLAIN | {part: float(value)} for value in values]


def test_labels_turn_the_order_of_the_formula_round():
    """The formula prefers few poolings; here those with many are the better ones."""
    predictor = load_predictor(FEW_LABELS)
    predictor.labelled = answers_along("pools", range(20))
    predictor.accuracies = np.arange(20.0)
    scores = predictor.combine(answers_along("pools", (3.5, 8.5, 13.5)))
    assert scores == sorted(scores)


def test_without_labels_the_formula_ranks():
    predictor = load_predictor(FEW_LABELS)
    predictor.labelled, predictor.accuracies = [], np.array([])
    scores = predictor.combine(answers_along("pools", (1, 2, 3)))
    assert scores == sorted(scores, reverse=True)


def test_fit_keeps_numbers_only_and_leaves_blind_networks_out(monkeypatch):
    predictor = load_predictor(FEW_LABELS)
    told = iter([PLAIN, PLAIN | {"alive": 0}, PLAIN])
    monkeypatch.setattr(sys.modules["submitted.predictor"], "features", lambda *_: next(told))
    predictor.fit([None] * 3, [10.0, 90.0, 30.0], batch())
    assert predictor.accuracies.tolist() == [10.0, 30.0]
    assert predictor.labelled == [PLAIN, PLAIN]


def test_normal_scores_are_quantiles_that_equal_values_share():
    load_predictor(FEW_LABELS)
    scores = sys.modules["submitted.predictor"].normal_scores(np.array([5.0, 1.0, 5.0, 9.0]))
    assert scores[0] == scores[2]
    assert scores[1] == -scores[3]
    assert scores.std() == pytest.approx(1)

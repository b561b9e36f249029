"""The reference predictor reads paths off the network that runs, whatever space it is of."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import zcnas
from zcnas.worker.contract import load_predictor

SAMPLE = Path(__file__).parents[2] / "starting_kit" / "submissions" / "reference"


class Drawn(nn.Module):
    """Two branches of no search space: a pool and a 3×3, joined, then halved.

    Args:
        passes: What the 3×3 branch is multiplied by; 0 cuts it.
    """

    def __init__(self, passes=1.0):
        super().__init__()
        self.passes = passes
        self.wide, self.point = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)
        self.halve, self.head = nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.Linear(4, 10)

    def forward(self, images):
        pooled = nn.functional.avg_pool2d(self.point(images), 3, 1, 1)
        features = self.halve(pooled + self.wide(images).relu() * self.passes).relu()
        return self.head(features.mean((2, 3)))


def traced(network):
    load_predictor(SAMPLE)
    images = torch.randn(2, 3, 8, 8)
    with torch.no_grad(), sys.modules["submitted.trace"].Trace(images) as trace:
        paths = trace.of(network(images))
    return trace, paths


def test_the_paths_of_a_drawn_network_are_those_of_the_drawing():
    trace, paths = traced(Drawn())
    assert (paths.longest, paths.shortest, paths.pools, paths.halvings) == (2, 2, 0.5, 1)
    convolutions = 3 * 3 * 9 * 64 + 3 * 3 * 64 + 4 * 3 * 9 * 16
    assert trace.macs == 2 * (convolutions + 4 * 10)


def test_a_branch_that_is_multiplied_by_zero_is_no_path():
    _, paths = traced(Drawn(passes=0.0))
    assert (paths.longest, paths.shortest, paths.pools) == (1, 2, 1.0)


def test_an_answer_that_does_not_see_the_image_has_no_paths_and_ranks_last():
    class Blind(Drawn):
        def forward(self, images):
            return super().forward(images * 0)

    predictor = load_predictor(SAMPLE)
    batch = [(torch.randn(4, 3, 8, 8), torch.tensor([0, 1, 2, 3]))]
    answers = [predictor.query(each, batch) for each in (Blind(), Drawn(), Drawn(0.0))]
    scores = predictor.combine(answers)
    assert scores[0] == -math.inf
    assert all(map(math.isfinite, scores[1:]))


PLAIN = {
    "alive": 1, "reconstructs": 0, "nwot": 1.0, "macs": 1.0,
    "longest": 1, "shortest": 1, "pools": 1.0, "halvings": 1,
}  # fmt: skip


def moved(part, others=PLAIN):
    """Return the sign of what more of a part does to a score, between three other networks."""
    answers = [PLAIN, others, PLAIN | {part: 2.0}, PLAIN | {part: 3.0}]
    *_, low, high = load_predictor(SAMPLE).combine(answers)
    return float(np.sign(high - low))


@pytest.mark.parametrize(
    ("part", "better"),
    [("nwot", 1), ("macs", 1), ("longest", 1), ("pools", -1), ("shortest", 0), ("halvings", 0)],
)
def test_where_networks_halve_alike_long_paths_with_few_poolings_are_preferred(part, better):
    assert moved(part) == better


@pytest.mark.parametrize(("part", "better"), [("nwot", 1), ("macs", 1), ("longest", 0)])
def test_where_networks_halve_differently_paths_do_not_count(part, better):
    assert moved(part, PLAIN | {"halvings": 2}) == better


def test_a_blind_network_makes_no_difference_in_halvings():
    blind = PLAIN | {"alive": 0, "halvings": 0}
    assert moved("longest", blind) == 1


@pytest.mark.parametrize(("part", "better"), [("nwot", 1), ("shortest", -1), ("longest", 0)])
def test_where_the_image_is_to_be_given_back_short_paths_are_preferred(part, better):
    answers = [PLAIN | {"reconstructs": 1, part: value} for value in (1.0, 2.0, 3.0)]
    scores = load_predictor(SAMPLE).combine(answers)
    assert np.sign(scores[2] - scores[1]) == better


def test_the_image_is_recognised_as_the_target_under_another_normalisation():
    load_predictor(SAMPLE)
    reconstructs = sys.modules["submitted.formula"].reconstructs
    images = torch.randn(2, 3, 16, 16)
    shifts, scales = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.25, 0.3])
    again = images * scales[:, None, None] + shifts[:, None, None]
    assert reconstructs(images, again)
    assert not reconstructs(images, torch.randn(2, 3, 16, 16))
    assert not reconstructs(images, torch.tensor([1, 2]))


@pytest.mark.parametrize(
    ("key", "is_image"),
    [("transbench101_micro_autoencoder", True), ("transbench101_micro_normal", False)],
)
def test_of_two_tasks_with_images_as_targets_one_gives_the_image_back(key, is_image):
    load_predictor(SAMPLE)
    inputs, targets = zcnas.benchmark(key).minibatch(2)
    assert inputs.shape == targets.shape
    assert sys.modules["submitted.formula"].reconstructs(inputs, targets) == is_image

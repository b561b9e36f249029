"""The reference predictor reads paths off the network that runs, whatever space it is of."""

import math
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

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
    assert (paths.longest, paths.pools, paths.halvings) == (2, 0.5, 1)
    convolutions = 3 * 3 * 9 * 64 + 3 * 3 * 64 + 4 * 3 * 9 * 16
    assert trace.macs == 2 * (convolutions + 4 * 10)


def test_a_branch_that_is_multiplied_by_zero_is_no_path():
    _, paths = traced(Drawn(passes=0.0))
    assert (paths.longest, paths.pools) == (1, 1.0)


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


@pytest.mark.parametrize(
    ("part", "better"),
    [("nwot", 1), ("macs", 1), ("longest", 1), ("pools", -1), ("halvings", -1)],
)
def test_each_part_moves_the_score_in_its_direction(part, better):
    plain = {"alive": 1, "nwot": 1.0, "macs": 1, "longest": 1, "pools": 1.0, "halvings": 1}
    low, high = load_predictor(SAMPLE).combine([plain, plain | {part: 2.0}])
    assert math.copysign(1, high - low) == better

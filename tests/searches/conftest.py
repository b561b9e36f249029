"""An arena whose best model is known: 625 cells of NAS-Bench-201 whose accuracy is a formula."""

import numpy as np
import pytest

from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.searches.arena import Arena
from zcnas.searches.budget import ScoreColumn
from zcnas.searches.candidates import Candidates

GAIN = {"none": 0, "avg_pool_3x3": 1, "skip_connect": 3, "nor_conv_1x1": 5, "nor_conv_3x3": 7}
"""Points an operation adds; edges weigh 1, 2, 3, 4."""


def accuracy_of(cell):
    return 30 + sum((at + 1) * GAIN[op] for at, op in enumerate(cell.ops[:4])) / 2


@pytest.fixture(scope="session")
def arena():
    cells = [c for c in NasBench201Spec.enumerate() if c.ops[4:] == ("none", "skip_connect")]
    cells.sort(key=str)
    accuracy = np.array([accuracy_of(cell) for cell in cells])
    rng = np.random.default_rng(0)
    noise = rng.normal(size=len(cells))
    columns = {
        name: ScoreColumn(scores, np.full(len(cells), 0.25), "made up")
        for name, scores in {
            "perfect": accuracy,
            "good": accuracy + 4 * noise,
            "constant": np.zeros(len(cells)),
            "reversed": -accuracy,
        }.items()
    }
    candidates = Candidates("nasbench201", tuple(map(str, cells)))
    words = ("a formula", "the same formula")
    seconds = np.arange(1.0, len(cells) + 1)
    return Arena(
        "nasbench201_cifar10", candidates, accuracy, accuracy, words, ("0", "0"), columns, seconds
    )

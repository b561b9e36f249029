"""Small tables in NAS-Bench-Suite-Zero's form, made up so that every figure can be worked out."""

import json
import random

import pytest

from zcnas.benchmarks import get_benchmark
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec

KEY = "nasbench201_cifar10"


@pytest.fixture(scope="session")
def cells():
    """Forty connected cells of NAS-Bench-201, in a fixed order."""
    every = random.Random(1).sample(list(NasBench201Spec.enumerate()), 120)
    return [cell for cell in every if cell.ops[3] != "none"][:40]


@pytest.fixture
def benchmark():
    return get_benchmark(KEY)


@pytest.fixture
def write_table():
    """A function that writes accuracies and scores of cells as the release does."""

    def write(folder, cells, accuracies, scores, dataset="cifar10"):
        rows = {
            str(cell.to_naslib()): {
                "val_accuracy": accuracy,
                **{proxy: {"score": column[place]} for proxy, column in scores.items()},
            }
            for place, (cell, accuracy) in enumerate(zip(cells, accuracies, strict=True))
        }
        path = folder / "zc_nasbench201.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(known | {dataset: rows}))
        return folder

    return write

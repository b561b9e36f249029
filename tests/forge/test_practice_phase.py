"""The public forged benchmark: its halves fit, its images are there, and parameters rank it."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from zcnas.benchmarks import get_benchmark
from zcnas.datasets.frozen import load_minibatch_beside
from zcnas.organiser.both_halves import read_both_halves
from zcnas.phases import load_phase
from zcnas.search_spaces import build_network, parse_spec

KEY = "transbench101_micro_forged_digits"


@pytest.fixture(scope="module")
def halves(repository):
    return read_both_halves(
        repository / "starting_kit/input_data", repository / "reference_data/practice_forged", KEY
    )


def test_it_asks_for_a_hundred_architectures_whose_order_two_trainings_agree_on(halves, repository):
    phase = load_phase(repository / "reference_data/phases.toml", "practice_forged")
    data, reference = halves
    assert phase.benchmarks == (KEY,)
    assert len(data.architectures) == phase.architectures == 100
    assert len({each.spec for each in data.architectures}) == 100
    assert reference.noise_ceiling >= 0.6
    assert all(10 <= value <= 100 for value in reference.accuracies.values())


def test_its_images_travel_with_it_and_no_folder_of_data_is_needed(halves, repository):
    minibatch = load_minibatch_beside(repository / "starting_kit/input_data", halves[0])
    assert minibatch.inputs.shape == (64, 3, 12, 12)
    assert np.isfinite(minibatch.inputs).all()
    assert set(minibatch.targets.tolist()) <= set(range(10))
    assert minibatch.source.startswith("forged")


def test_the_number_of_parameters_tells_something_and_not_everything_of_its_accuracies(halves):
    data, reference = halves
    benchmark = get_benchmark(KEY)
    sizes, accuracies = [], []
    for each in data.architectures:
        network = build_network(parse_spec(benchmark.search_space, each.spec), benchmark)
        sizes.append(sum(parameter.numel() for parameter in network.parameters()))
        accuracies.append(reference.accuracies[each.id])
    assert 0.3 < kendalltau(sizes, accuracies).statistic < 0.7

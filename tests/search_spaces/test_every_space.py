"""What holds for every search space, over the whole of ``SEARCH_SPACES`` and ``BENCHMARKS``."""

import importlib
import itertools
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch

from zcnas import search_spaces
from zcnas.benchmarks import BENCHMARKS, DATASETS_OF_SPACE, get_benchmark
from zcnas.errors import InvalidArchitecture, PhaseError
from zcnas.search_spaces import SEARCH_SPACES, build_network, parse_spec

# The smaller inputs run on a test machine; Taskonomy's only take shapes.
RUNNABLE = [key for key, b in BENCHMARKS.items() if b.dataset.input_shape[-1] <= 64]
SIZES = {
    "nasbench201": 15_625,
    "transbench101_micro": 4_096,
    "transbench101_macro": 3_256,
}


def _samples(space, count=20, seed=0):
    rng = random.Random(seed)
    return [SEARCH_SPACES[space].spec.sample(rng) for _ in range(count)]


@pytest.mark.parametrize("space", SEARCH_SPACES)
def test_the_canonical_string_reads_back_as_the_same_value(space):
    for spec in _samples(space):
        again = parse_spec(space, f" {spec}\n")
        assert again == spec
        assert hash(again) == hash(spec)
        assert str(again) == str(spec)


@pytest.mark.parametrize("space", SEARCH_SPACES)
def test_neighbours_are_other_architectures_each_once(space):
    for spec in _samples(space, 5):
        neighbours = list(spec.neighbours())
        assert neighbours
        assert spec not in neighbours
        assert len(set(neighbours)) == len(neighbours)


@pytest.mark.parametrize("space", [space for space in SEARCH_SPACES if space != "nasbench101"])
def test_being_a_neighbour_is_symmetric(space):
    for spec in _samples(space, 3):
        for neighbour in itertools.islice(spec.neighbours(), 0, None, 7):
            assert spec in neighbour.neighbours()


@pytest.mark.parametrize(("space", "size"), SIZES.items())
def test_enumerating_yields_each_architecture_once(space, size):
    everything = list(SEARCH_SPACES[space].spec.enumerate())
    assert len(everything) == len(set(everything)) == size


@pytest.mark.parametrize("space", SEARCH_SPACES)
def test_enumerating_is_lazy_and_has_a_fixed_order(space):
    first = list(itertools.islice(SEARCH_SPACES[space].spec.enumerate(), 50))
    assert first == list(itertools.islice(SEARCH_SPACES[space].spec.enumerate(), 50))
    assert len(set(first)) == 50


@pytest.mark.parametrize("space", SEARCH_SPACES)
def test_one_seed_gives_one_sample(space):
    assert _samples(space, seed=3) == _samples(space, seed=3)
    assert _samples(space, seed=3) != _samples(space, seed=4)


@pytest.mark.parametrize("space", SIZES)
def test_sampling_is_uniform(space):
    """χ² of 20 equal bins of the enumeration, with the 99.9 % quantile for 19 degrees."""
    everything = list(SEARCH_SPACES[space].spec.enumerate())
    bin_of = {spec: index * 20 // len(everything) for index, spec in enumerate(everything)}
    sizes, found = Counter(bin_of.values()), Counter()
    draws = 4000
    found.update(bin_of[spec] for spec in _samples(space, draws))
    expected = {b: draws * size / len(everything) for b, size in sizes.items()}
    chi2 = sum((found[b] - expected[b]) ** 2 / expected[b] for b in expected)
    assert chi2 < 43.82


@pytest.mark.parametrize("space", SEARCH_SPACES)
@pytest.mark.parametrize("text", ["", "nonsense", "|none~0|", "64--basic", ";", "01/00:", "(1, 2)"])
def test_foreign_text_is_refused_with_the_value(space, text):
    with pytest.raises(InvalidArchitecture, match=space):
        parse_spec(space, text)


@pytest.mark.parametrize(("space", "other"), list(itertools.permutations(SEARCH_SPACES, 2)))
def test_no_space_reads_anothers_architectures(space, other):
    with pytest.raises(InvalidArchitecture):
        parse_spec(space, str(_samples(other, 1)[0]))


def test_an_unknown_space_lists_the_known_ones():
    with pytest.raises(PhaseError, match=r"unknown search space 'x'; .*transbench101_macro"):
        parse_spec("x", "")


@pytest.mark.parametrize("key", RUNNABLE)
def test_a_network_answers_and_every_parameter_it_uses_learns(key):
    benchmark = get_benchmark(key)
    dataset = benchmark.dataset
    torch.manual_seed(0)
    network = build_network(_samples(benchmark.search_space, 1)[0], benchmark)
    assert network.training
    assert network.num_classes == dataset.num_classes
    answer = network(torch.randn(2, *dataset.input_shape))
    assert answer.shape == (2, dataset.num_classes)
    loss = network.get_loss_fn()(answer, torch.zeros(2, dtype=torch.long))
    assert loss.shape == ()
    loss.backward()
    assert torch.isfinite(loss)
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


@pytest.mark.parametrize("key", ["nasbench101_cifar10", "nasbench301_cifar10"])
def test_one_seed_gives_one_initialisation_and_no_two_cells_share_weights(key):
    benchmark = get_benchmark(key)
    spec = _samples(benchmark.search_space, 1)[0]
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(build_network(spec, benchmark).state_dict())
    convolutions = [name for name, value in states[0].items() if value.dim() == 4]
    assert all(torch.equal(states[0][name], states[1][name]) for name in convolutions)
    assert not any(torch.equal(states[0][name], states[2][name]) for name in convolutions)
    stamps = {states[0][name].data_ptr() for name in convolutions}
    sums = {float(states[0][name].sum()) for name in convolutions}
    assert len(stamps) == len(sums) == len(convolutions)


@pytest.mark.parametrize("space", SEARCH_SPACES)
def test_a_spec_imports_no_torch(space):
    """A program of its own, because this one has imported torch long ago."""
    program = f"import sys, zcnas.search_spaces.{space}.spec; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("space", SEARCH_SPACES)
def test_every_space_has_a_network_module_with_build(space):
    module = importlib.import_module(f"zcnas.search_spaces.{space}.network")
    assert callable(module.build)


def test_every_folder_has_one_record_under_its_name_that_says_all_of_it():
    folders = {path.name for path in Path(search_spaces.__file__).parent.iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == set(SEARCH_SPACES) == set(DATASETS_OF_SPACE)
    for key, space in SEARCH_SPACES.items():
        assert space.key == key
        assert space.spec.__module__ == f"zcnas.search_spaces.{key}.spec"
        assert space.network == f"zcnas.search_spaces.{key}.network:build"
    assert {space.name_2022 for space in SEARCH_SPACES.values()} == {
        *("nasbench101", "nasbench201", "nasbench301", "transbench101")
    }


@pytest.mark.parametrize("space", [s for s in SEARCH_SPACES.values() if s.pattern])
def test_a_pattern_finds_every_architecture_of_its_space_in_a_source(space):
    for spec in _samples(space.key):
        assert re.search(space.pattern, f"TABLE = {{'{spec}': 93.1}}")

"""A disguised network: the same function, other names, other places of channels."""

import random

import pytest
import torch

from zcnas.benchmarks import get_benchmark
from zcnas.search_spaces import build_network, get_search_space
from zcnas.search_spaces.disguise import disguise


@pytest.mark.parametrize(
    ("key", "moves"),
    [
        ("nasbench101_cifar10", False),
        ("nasbench201_cifar10", True),
        ("nasbench301_cifar10", False),
        ("transbench101_micro_jigsaw", False),
        ("transbench101_macro_class_object", False),
    ],
)
def test_it_computes_the_same_with_other_names_and_draws_no_random_number(key, moves):
    benchmark = get_benchmark(key)
    spec = get_search_space(benchmark.search_space).spec.sample(random.Random(2))
    torch.manual_seed(1)
    network = build_network(spec, benchmark)
    images = torch.randn(2, *benchmark.dataset.input_shape)
    names = [name for name, _ in network.named_parameters()]
    weights = [each.clone() for each in network.parameters()]
    with torch.no_grad():
        before = network(images)
    state = torch.get_rng_state()
    disguise(network)
    assert torch.equal(torch.get_rng_state(), state)
    with torch.no_grad():
        torch.testing.assert_close(network(images), before, rtol=1e-3, atol=1e-4)
    assert [name for name, _ in network.named_parameters()] != names
    changed = [
        not torch.equal(one, other)
        for one, other in zip(weights, network.parameters(), strict=True)
    ]
    assert any(changed) or not moves

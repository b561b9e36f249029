"""The proxies compute where the network and the minibatch are."""

import random

import proxy_networks as networks
import pytest
import torch
from proxy_networks import Branches, Chain, Dead

from zcnas.benchmarks import get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.proxies import PROXIES, evaluate
from zcnas.search_spaces import SEARCH_SPACES, build_network

SPACES = (
    "nasbench101_cifar10",
    "nasbench201_cifar10",
    "nasbench301_cifar10",
    "transbench101_micro_class_object",
    "transbench101_macro_class_object",
)


@pytest.mark.parametrize("network_type", [Branches, Chain, Dead])
@pytest.mark.parametrize("name", PROXIES)
def test_nothing_is_made_on_the_default_device(network_type, name):
    network = networks.build(network_type)
    minibatch = networks.minibatch(network)
    torch.manual_seed(0)
    expected = evaluate(network, *minibatch, [name])
    torch.manual_seed(0)
    with torch.device("meta"):  # a tensor made there has no numbers
        assert evaluate(network, *minibatch, [name]) == pytest.approx(expected, rel=1e-12)


@pytest.mark.gpu
@pytest.mark.parametrize("key", SPACES)
def test_a_network_on_a_gpu_gets_the_scores_it_gets_on_the_cpu(key):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    benchmark = get_benchmark(key)
    spec = SEARCH_SPACES[benchmark.search_space].spec.sample(random.Random(0))
    torch.manual_seed(0)
    network = build_network(spec, benchmark).double()
    made = load_minibatch(benchmark, 8, 0, None)
    inputs, targets = torch.from_numpy(made.inputs).double(), torch.from_numpy(made.targets)
    torch.manual_seed(0)
    on_cpu = evaluate(network, inputs, targets)
    torch.manual_seed(0)
    on_gpu = evaluate(network.cuda(), inputs.cuda(), targets.cuda())
    assert on_gpu == pytest.approx(on_cpu, rel=1e-6)

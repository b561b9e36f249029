"""What published proxies call on a network, of every benchmark."""

from __future__ import annotations

import itertools
import random

import pytest
import torch
from torch import nn

from zcnas.benchmarks import BENCHMARKS, Benchmark, get_benchmark
from zcnas.search_spaces import SEARCH_SPACES, build_network
from zcnas.search_spaces.network import Network

KINDS = {(b.search_space, b.dataset.target): key for key, b in BENCHMARKS.items()}
"""A benchmark of each search space and kind of answer."""
DENSE = ("image", "normal", "segmentation")
POOLED = [key for (_, target), key in KINDS.items() if target not in DENSE]
CELLS = {
    "nasbench101": 9 + 2,  # with the two poolings between the stacks
    "nasbench201": 15 + 2,  # with the two residual blocks between the stages
    "nasbench301": 8,
}


def _network(benchmark: Benchmark, device: str = "meta") -> Network:
    spec = SEARCH_SPACES[benchmark.search_space].spec.sample(random.Random(7))
    with torch.device(device):
        torch.manual_seed(1)
        return build_network(spec, benchmark)


def _images(benchmark: Benchmark, device: str = "meta") -> torch.Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randn(2, *benchmark.dataset.input_shape, generator=generator).to(device)


def _seen_by(network: Network, kind: type[nn.Module], images: torch.Tensor) -> list[torch.Tensor]:
    """Return what the modules of a kind are given in a forward pass."""
    seen: list[torch.Tensor] = []
    hooks = [
        module.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        for module in network.modules()
        if type(module) is kind
    ]
    network(images)
    for hook in hooks:
        hook.remove()
    return seen


@pytest.mark.parametrize(
    "key", ["nasbench101_cifar10", "nasbench201_cifar10", "transbench101_micro_svhn"]
)
def test_the_features_are_what_the_global_pooling_is_given(key):
    benchmark = get_benchmark(key)
    network, images = _network(benchmark, "cpu"), _images(benchmark, "cpu")
    (expected,) = _seen_by(network, nn.AdaptiveAvgPool2d, images)
    torch.testing.assert_close(network.forward_before_global_avg_pool(images), expected)
    torch.testing.assert_close(network.forward_pre_GAP(images), expected)


@pytest.mark.parametrize(
    "key", ["nasbench101_cifar10", "nasbench201_cifar10", "transbench101_micro_svhn"]
)
def test_pooled_features_and_logits_are_what_the_linear_layer_takes_and_gives(key):
    benchmark = get_benchmark(key)
    network, images = _network(benchmark, "cpu"), _images(benchmark, "cpu")
    (expected,) = _seen_by(network, nn.Linear, images)
    features, logits = network.features_and_logits(images)
    torch.testing.assert_close(features, expected)
    torch.testing.assert_close(logits, network(images))


@pytest.mark.parametrize("key", POOLED)
def test_the_features_of_a_pooling_network_have_its_shape(key):
    benchmark = get_benchmark(key)
    network, images = _network(benchmark), _images(benchmark)
    (expected,) = _seen_by(network, nn.AdaptiveAvgPool2d, images)
    assert network.forward_before_global_avg_pool(images).shape == expected.shape


@pytest.mark.parametrize("key", KINDS.values())
def test_cell_features_start_at_the_stem_and_each_depends_on_the_one_before(key):
    benchmark = get_benchmark(key)
    network = _network(benchmark)
    features = network.extract_cell_features(_images(benchmark))
    assert len(features) == 1 + len(network.cells)
    assert len(network.cells) == CELLS.get(benchmark.search_space, len(network.cells))
    assert all(feature.dim() == 4 and len(feature) == 2 for feature in features)
    for before, after in itertools.pairwise(features):
        (gradient,) = torch.autograd.grad(after.sum(), before, retain_graph=True)
        assert gradient.shape == before.shape
    assert not any(part._forward_hooks for part in (network.stem, *network.cells))


@pytest.mark.parametrize("key", KINDS.values())
def test_a_network_knows_its_architecture_and_has_no_parameter_outside_its_parts(key):
    benchmark = get_benchmark(key)
    network = _network(benchmark)
    assert network.spec == SEARCH_SPACES[benchmark.search_space].spec.sample(random.Random(7))
    parts = (network.stem, network.cells, network.classifier)
    inside = {id(parameter) for part in parts for parameter in part.parameters()}
    outside = {name.split(".")[0] for name, p in network.named_parameters() if id(p) not in inside}
    assert outside <= {
        "head",
        "entries",
    }  # the last BatchNorm of 201; what widens a cell's inputs in 301

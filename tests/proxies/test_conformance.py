"""What holds for every proxy on every search space: it leaves things as found, and it is right.

New search spaces join by themselves. Per space, the architecture with the fewest weights out of a
few random ones is taken on its smallest dataset with classes, with four images. The networks take
images of any size; what is shown here has nothing to do with it, so they get 16×16 pixels.
"""

from __future__ import annotations

import copy
import functools
import importlib
import math
import random

import proxy_networks as networks
import pytest
import torch
from torch import Tensor, nn

from zcnas.benchmarks import BENCHMARKS, Benchmark
from zcnas.proxies import PROXIES, evaluate
from zcnas.proxies import flops as flops_module
from zcnas.search_spaces import SEARCH_SPACES, build_network


def _smallest_benchmark(space: str) -> Benchmark:
    """Return the space's benchmark with classes that has the smallest images."""
    candidates = [
        benchmark
        for benchmark in BENCHMARKS.values()
        if benchmark.search_space == space and _kind(benchmark) in ("label", "soft_label")
    ]
    return min(candidates, key=lambda b: math.prod(b.dataset.input_shape))


def _kind(benchmark: Benchmark) -> str:
    return getattr(benchmark.dataset, "target", "label")


def _network_and_minibatch(space: str) -> tuple[nn.Module, Tensor, Tensor]:
    """Return a copy of its own of the space's network."""
    network, inputs, targets = _built(space)
    return copy.deepcopy(network), inputs.clone(), targets


@functools.cache
def _built(space: str) -> tuple[nn.Module, Tensor, Tensor]:
    benchmark = _smallest_benchmark(space)
    rng = random.Random(5)
    torch.manual_seed(0)
    candidates = [build_network(SEARCH_SPACES[space].spec.sample(rng), benchmark) for _ in range(4)]
    network = min(candidates, key=lambda n: sum(p.numel() for p in n.parameters()))
    channels = benchmark.dataset.input_shape[0]
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(4, channels, 16, 16, generator=generator)
    targets = torch.tensor([0, 0, 1, 1])
    if _kind(benchmark) == "soft_label":
        targets = nn.functional.one_hot(targets, network.num_classes).float()
    return network, inputs, targets


def _state(network: nn.Module) -> dict[str, object]:
    """Return everything a proxy could leave behind, with the identity and version of tensors."""
    tensors = [*network.named_parameters(), *network.named_buffers()]
    return {
        "tensors": [(n, id(t), t._version, t.requires_grad, t.clone()) for n, t in tensors],
        "gradients": [p.grad for p in network.parameters()],
        "modes": [m.training for m in network.modules()],
        "modules": [(n, id(m)) for n, m in network.named_modules()],
        "hooks": [
            (len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks))
            for m in network.modules()
        ],
        "attributes": [sorted(m.__dict__) for m in network.modules()],
        "tensor hooks": [p._backward_hooks for p in network.parameters()],
        "rng": torch.get_rng_state().tolist(),
        "numpy-free python rng": random.getstate(),
        "grad mode": torch.is_grad_enabled(),
    }


def _equal(before: object, after: object) -> bool:
    if isinstance(before, Tensor):
        assert isinstance(after, Tensor)
        return torch.equal(before, after)
    if isinstance(before, list | tuple):
        assert isinstance(after, list | tuple)
        return len(before) == len(after) and all(map(_equal, before, after))
    return before == after


@pytest.mark.parametrize("space", SEARCH_SPACES)
@pytest.mark.parametrize("proxy", PROXIES)
def test_a_proxy_leaves_the_network_and_the_rng_as_found(space, proxy):
    network, inputs, targets = _network_and_minibatch(space)
    modules = list(network.modules())
    modules[len(modules) // 2].eval()
    parameter = next(network.parameters())
    parameter.grad = torch.ones_like(parameter)
    kept_inputs = inputs.clone()
    before = _state(network)
    importlib.import_module(f"zcnas.proxies.{proxy}").score(network, inputs, targets)
    after = _state(network)
    for what in before:
        assert _equal(before[what], after[what]), what
    assert torch.equal(inputs, kept_inputs)
    assert not inputs.requires_grad


@pytest.mark.parametrize("space", SEARCH_SPACES)
def test_a_refused_minibatch_leaves_everything_as_found_too(space):
    network, inputs, _ = _network_and_minibatch(space)
    network.eval()
    before = _state(network)
    with pytest.raises(Exception, match="does not take targets"):
        evaluate(network, inputs, torch.zeros(4, 3, 2), ["zen", "snip"])
    after = _state(network)
    for what in before:
        assert _equal(before[what], after[what]), what


@pytest.mark.parametrize("space", SEARCH_SPACES)
def test_scores_are_the_same_each_time(space):
    network, inputs, targets = _network_and_minibatch(space)
    assert evaluate(network, inputs, targets) == evaluate(network, inputs, targets)


@pytest.mark.parametrize("space", SEARCH_SPACES)
def test_grasp_and_gradients_agree_with_the_double_backward_on_every_search_space(space):
    network, inputs, targets = _network_and_minibatch(space)
    network.double()
    inputs = inputs.double()
    targets = targets.double() if targets.is_floating_point() else targets
    scores = evaluate(network, inputs, targets, ["grasp", "grad_norm", "snip"])
    weights = networks.theta(network)
    value = networks.loss(network, inputs, targets)
    gradients = torch.autograd.grad(value, weights, create_graph=True, materialize_grads=True)
    inner = sum((g.detach() * g).sum() for g in gradients)
    products = torch.autograd.grad(inner, weights, materialize_grads=True)
    grasp = -sum((w * h).sum().item() for w, h in zip(weights, products, strict=True))
    snip = sum((w * g).abs().sum().item() for w, g in zip(weights, gradients, strict=True))
    assert scores["grasp"] == pytest.approx(grasp, rel=1e-6)
    assert scores["snip"] == pytest.approx(snip, rel=1e-6)
    assert scores["grad_norm"] == pytest.approx(sum(g.norm().item() for g in gradients), rel=1e-6)


NOT_RESCALED = {
    "nasbench101": {"classifier"},
    "nasbench201": {"cells.5.shortcut.1", "cells.11.shortcut.1", "classifier"},
    "nasbench301": {"classifier"},
    "transbench101_micro": {"classifier.2"},
    "transbench101_macro": {"decoder.2"},
}
"""U: the layers whose weights no BatchNorm rescales, which alone make up ``plain``."""


@pytest.mark.parametrize("space", SEARCH_SPACES)
def test_plain_is_the_sum_over_the_weights_that_no_batchnorm_rescales(space):
    network, inputs, targets = _network_and_minibatch(space)
    network.double()
    targets = targets.double() if targets.is_floating_point() else targets
    layers = {}
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-20
        if isinstance(module, nn.Conv2d | nn.Linear):
            layers[name] = module.weight
    gradients = networks.loss_gradients(network, inputs.double(), targets)
    terms = [w.detach() * g for w, g in zip(layers.values(), gradients, strict=True)]
    sums = {name: t.sum().item() for name, t in zip(layers, terms, strict=True)}
    for name, term in zip(layers, terms, strict=True):
        if name not in NOT_RESCALED[space]:
            assert abs(sums[name]) <= 1e-12 * term.abs().sum().item(), name
    plain = evaluate(network, inputs.double(), targets, ["plain"])["plain"]
    assert plain == pytest.approx(sum(sums[name] for name in NOT_RESCALED[space]), rel=1e-9)
    assert all(sums[name] != 0 for name in NOT_RESCALED[space])


@pytest.mark.real_table
@pytest.mark.parametrize("dataset", ["cifar10", "cifar100", "ImageNet16-120"])
def test_params_and_published_flops_equal_the_published_columns(dataset, data_folder):
    import ast
    import json

    from zcnas.proxies import params
    from zcnas.search_spaces.nasbench201.spec import NasBench201Spec

    published = json.loads((data_folder / "zc_nasbench201.json").read_text())
    rows = {key: row for key, row in published[dataset].items() if "flops" in row}
    benchmark = BENCHMARKS[f"nasbench201_{dataset}".lower().replace("-", "_")]
    for key in random.Random(0).sample(sorted(rows), 12):
        network = build_network(NasBench201Spec.from_naslib(ast.literal_eval(key)), benchmark)
        minibatch = torch.zeros(2, *benchmark.dataset.input_shape), torch.zeros(2, dtype=torch.long)
        counted = flops_module.score(network, *minibatch, count="published")
        assert counted == pytest.approx(rows[key]["flops"]["score"], abs=1e-9)
        assert params.score(network, *minibatch) == pytest.approx(
            rows[key]["params"]["score"], abs=1e-9
        )

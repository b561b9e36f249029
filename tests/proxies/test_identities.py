"""The exact identities of the proxies, in float64: no reference code needed."""

from __future__ import annotations

import math

import proxy_networks as networks
import pytest
import torch
from proxy_networks import Branches, Chain
from torch import Tensor, nn

from zcnas.proxies import evaluate
from zcnas.proxies.proxy import Proxy


def _products(network: nn.Module) -> list[float]:
    """Return Σ θ_l⊙g_l of every layer."""
    gradients = networks.loss_gradients(network, *networks.minibatch(network))
    pairs = zip(networks.theta(network), gradients, strict=True)
    return [(weight * gradient).sum().item() for weight, gradient in pairs]


def _without_eps(network: nn.Module) -> nn.Module:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-20
    return network


def _not_rescaled(network: Branches) -> list[int]:
    """Return the layers in U: the strided shortcut and the classifier."""
    own = [network.shortcut.weight, network.classifier.weight]
    return [i for i, w in enumerate(networks.theta(network)) if any(w is u for u in own)]


def test_only_weights_that_no_batchnorm_rescales_contribute_to_plain():
    network = _without_eps(networks.build(Branches))
    products = _products(network)
    kept = _not_rescaled(network)
    for index, product in enumerate(products):
        if index not in kept:
            assert product == pytest.approx(0.0, abs=1e-13)
    plain = evaluate(network, *networks.minibatch(network), ["plain"])["plain"]
    assert plain == pytest.approx(sum(products[index] for index in kept), rel=1e-9)


def test_on_a_relu_chain_every_layer_contributes_the_same_to_plain():
    network = networks.build(Chain)
    products = _products(network)
    assert products == pytest.approx([products[0]] * 3, rel=1e-10)
    plain = evaluate(network, *networks.minibatch(network), ["plain"])["plain"]
    assert plain == pytest.approx(3 * products[0], rel=1e-10)


def test_the_grasp_term_of_a_rescaled_weight_is_its_squared_gradient_norm():
    network = _without_eps(networks.build(Branches))
    weights = networks.theta(network)
    value = networks.loss(network, *networks.minibatch(network))
    gradients = torch.autograd.grad(value, weights, create_graph=True)
    products = torch.autograd.grad(sum((g.detach() * g).sum() for g in gradients), weights)
    kept = _not_rescaled(network)
    of_kept = 0.0
    squared = 0.0
    for index, (weight, gradient, product) in enumerate(
        zip(weights, gradients, products, strict=True)
    ):
        term = -(weight * product).sum().item()
        if index in kept:
            of_kept += term
        else:
            squared += gradient.square().sum().item()
            assert term == pytest.approx(gradient.square().sum().item(), rel=1e-8)
    grasp = evaluate(network, *networks.minibatch(network), ["grasp"])["grasp"]
    assert grasp == pytest.approx(squared + of_kept, rel=1e-8)


def test_grasp_is_half_the_fall_of_the_squared_gradient_norm_under_scaling():
    network = networks.build(Branches)
    minibatch = networks.minibatch(network)
    grasp = evaluate(network, *minibatch, ["grasp"])["grasp"]
    kept = [weight.detach().clone() for weight in networks.theta(network)]
    step = 1e-5
    squares = []
    for scale in (1 + step, 1 - step):
        for weight, original in zip(networks.theta(network), kept, strict=True):
            weight.data.copy_(original * scale)
        squares.append(
            sum(g.square().sum().item() for g in networks.loss_gradients(network, *minibatch))
        )
    assert grasp == pytest.approx(-0.5 * (squares[0] - squares[1]) / (2 * step), rel=1e-6)


def test_synflow_of_a_chain_is_the_number_of_layers_times_the_flow():
    network = networks.build(Chain)
    for weight in networks.theta(network):
        weight.data.abs_()
    flow = network(torch.ones(1, 2, 6, 6, dtype=torch.float64)).sum().item()
    synflow = evaluate(network, *networks.minibatch(network), ["synflow"])["synflow"]
    assert synflow == pytest.approx(math.log(3 * flow), rel=1e-12)


class Parallel(nn.Module):
    """A stem, two parallel convolutions and a classifier, none with a bias."""

    num_classes = 3

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, bias=False)
        self.left = nn.Conv2d(4, 4, 1, bias=False)
        self.right = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.classifier = nn.Linear(4, 3, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        features = self.stem(images)
        features = self.left(features) + self.right(features)
        logits: Tensor = self.classifier(features.mean((2, 3)))
        return logits


def test_parallel_paths_share_the_flow_of_a_cut():
    network = networks.build(Parallel)
    for weight in networks.theta(network):
        weight.data.abs_()
    flow = network(torch.ones(1, 2, 6, 6, dtype=torch.float64)).sum().item()
    synflow = evaluate(network, *networks.minibatch(network), ["synflow"])["synflow"]
    assert synflow == pytest.approx(math.log(3 * flow), rel=1e-12)  # stem, the pair, classifier


def test_each_channel_before_a_batchnorm_has_no_total_fisher_information(monkeypatch):
    network = _without_eps(networks.build(Branches))
    before_norm = [network.stem[0].weight, network.conv.weight, network.deep[1].weight]
    sums: list[Tensor] = []

    class Listener(Proxy):
        def layer_gradient(self, weight: Tensor, answer: Tensor, gradient: Tensor) -> None:
            if any(weight is own for own in before_norm):
                sums.append((answer * gradient).sum((0, 2, 3)))

        def value(self) -> float:
            return 0.0

    monkeypatch.setitem(evaluate.__globals__["PROXIES"], "listener", Listener)
    evaluate(network, *networks.minibatch(network), ["listener"])
    assert len(sums) == 3
    for per_channel in sums:
        assert per_channel.abs().max().item() < 1e-13


def test_jacov_has_the_bound_of_uncorrelated_images():
    network = networks.build(Branches)
    bound = -networks.BATCH * (math.log(1 + 1e-5) + 1 / (1 + 1e-5))
    assert evaluate(network, *networks.minibatch(network), ["jacov"])["jacov"] <= bound


def test_the_trace_of_the_correlations_and_the_diagonal_of_the_kernel_are_counts():
    from zcnas.proxies.nwot import Nwot
    from zcnas.proxies.passes import correlation_matrix

    rows = torch.randn(5, 2, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert correlation_matrix(rows).trace().item() == pytest.approx(5.0, rel=1e-14)
    images, targets = networks.minibatch(networks.build(Branches))
    nwot = Nwot(networks.build(Branches), images, targets)
    nwot.relu(images.relu())
    nwot.relu(images[:, :1].relu())
    assert nwot.kernel.diagonal().tolist() == [2 * 36 + 36] * networks.BATCH


def test_one_product_gives_the_kernel_of_nwot():
    from zcnas.proxies.nwot import Nwot

    images, targets = networks.minibatch(networks.build(Branches))
    nwot = Nwot(networks.build(Branches), images, targets)
    nwot.relu(images.relu())
    x = (images > 0).flatten(1).double()
    assert torch.equal(nwot.kernel, x @ x.T + (1 - x) @ (1 - x).T)


def test_the_order_of_the_batch_changes_no_score_that_compares_images():
    network = networks.build(Branches)
    images, targets = networks.minibatch(network)
    order = torch.tensor([3, 0, 5, 2, 4, 1])
    names = ["jacov", "nwot", "epe_nas"]
    scores = evaluate(network, images, targets, names)
    assert evaluate(network, images[order], targets[order], names) == pytest.approx(
        scores, rel=1e-10
    )


def test_scaling_a_rescaled_convolution_changes_only_its_own_terms():
    network = _without_eps(networks.build(Branches))
    minibatch = networks.minibatch(network)
    names = ["snip", "plain", "fisher", "jacov", "nwot"]
    before = evaluate(network, *minibatch, [*names, "grad_norm", "l2_norm"])
    norm = network.conv.weight.norm().item()
    index = next(i for i, w in enumerate(networks.theta(network)) if w is network.conv.weight)
    steepness = networks.loss_gradients(network, *minibatch)[index].norm().item()
    scale = 3.0
    network.conv.weight.data.mul_(scale)
    after = evaluate(network, *minibatch, [*names, "grad_norm", "l2_norm"])
    for name in names:
        assert after[name] == pytest.approx(before[name], rel=1e-9), name
    assert after["l2_norm"] - before["l2_norm"] == pytest.approx((scale - 1) * norm)
    difference = after["grad_norm"] - before["grad_norm"]
    assert difference == pytest.approx((1 / scale - 1) * steepness)

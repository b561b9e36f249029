"""Every proxy against an independent computation: slow, obvious, in float64."""

from __future__ import annotations

import copy
import importlib
import math

import numpy as np
import proxy_networks as networks
import pytest
import torch
from proxy_networks import Branches, Chain, Dead, Dense
from torch import Tensor, nn

ALL = [Branches, Chain, Dense]
CLASSIFIERS = [Branches, Chain]


def score_of(proxy: str, network: nn.Module, **options: object) -> float:
    module = importlib.import_module(f"zcnas.proxies.{proxy}")
    value: float = module.score(network, *networks.minibatch(network), **options)
    return value


def close(value: float) -> object:
    return pytest.approx(value, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("network_type", ALL)
def test_params_is_the_length_of_the_flattened_parameters(network_type):
    network = networks.build(network_type)
    flat = nn.utils.parameters_to_vector(network.parameters())
    assert score_of("params", network) == len(flat) / 1e6


@pytest.mark.parametrize("network_type", ALL)
def test_l2_norm_is_the_sum_of_root_sums_of_squares(network_type):
    network = networks.build(network_type)
    norms = [math.sqrt(sum(v * v for v in w.flatten().tolist())) for w in networks.theta(network)]
    assert score_of("l2_norm", network) == close(sum(norms))


def _finite_difference_gradients(network: nn.Module) -> list[list[float]]:
    minibatch = networks.minibatch(network)
    step = 1e-6
    gradients = []
    for weight in networks.theta(network):
        flat = weight.data.view(-1)
        row = []
        for index in range(len(flat)):
            kept = flat[index].item()
            losses = []
            for value in (kept + step, kept - step):
                flat[index] = value
                losses.append(networks.loss(network, *minibatch).item())
            flat[index] = kept
            row.append((losses[0] - losses[1]) / (2 * step))
        gradients.append(row)
    return gradients


def test_gradient_proxies_agree_with_finite_differences_of_the_loss():
    network = networks.build(Branches)
    gradients = _finite_difference_gradients(network)
    weights = [weight.flatten().tolist() for weight in networks.theta(network)]
    products = [
        w * g
        for weight, gradient in zip(weights, gradients, strict=True)
        for w, g in zip(weight, gradient, strict=True)
    ]
    norms = [math.sqrt(sum(g * g for g in gradient)) for gradient in gradients]
    # Central differences are good to about 1e-9 of the loss divided by the step.
    assert score_of("grad_norm", network) == pytest.approx(sum(norms), rel=1e-6)
    assert score_of("snip", network) == pytest.approx(sum(map(abs, products)), rel=1e-6)
    assert score_of("plain", network) == pytest.approx(sum(products), rel=1e-5)


@pytest.mark.parametrize("network_type", ALL)
def test_gradient_proxies_agree_with_an_ordinary_backward(network_type):
    network = networks.build(network_type)
    gradients = networks.loss_gradients(network, *networks.minibatch(network))
    pairs = list(zip(networks.theta(network), gradients, strict=True))
    assert score_of("grad_norm", network) == close(sum(g.norm().item() for _, g in pairs))
    assert score_of("snip", network) == close(sum((w * g).abs().sum().item() for w, g in pairs))
    assert score_of("plain", network) == close(sum((w * g).sum().item() for w, g in pairs))


@pytest.mark.parametrize("network_type", ALL)
@pytest.mark.parametrize("seed", range(3))
def test_grasp_agrees_with_the_full_double_backward(network_type, seed):
    network = networks.build(network_type, seed)
    weights = networks.theta(network)
    value = networks.loss(network, *networks.minibatch(network))
    gradients = torch.autograd.grad(value, weights, create_graph=True)
    inner = sum((g.detach() * g).sum() for g in gradients)
    products = torch.autograd.grad(inner, weights)
    expected = -sum((w * h).sum().item() for w, h in zip(weights, products, strict=True))
    assert score_of("grasp", network) == close(expected)


@pytest.mark.parametrize("network_type", ALL)
def test_fisher_agrees_with_a_loop_over_samples_and_channels(network_type):
    network = networks.build(network_type)
    answers: list[tuple[nn.Module, Tensor]] = []
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(lambda module, _, answer: answers.append((module, answer)))
    value = networks.loss(network, *networks.minibatch(network))
    gradients = torch.autograd.grad(value, [answer for _, answer in answers])
    expected = 0.0
    for (module, answer), gradient in zip(answers, gradients, strict=True):
        fan_in = module.weight[0].numel()
        for channel in range(answer.shape[1]):
            sums = [(answer[n, channel] * gradient[n, channel]).sum() for n in range(len(answer))]
            expected += fan_in * 0.5 * sum(s.item() ** 2 for s in sums) / len(sums)
    assert score_of("fisher", networks.build(network_type)) == close(expected)


def _jacobian(network: nn.Module) -> np.ndarray:
    images, _ = networks.minibatch(network)
    images.requires_grad_()
    network(images).sum().backward()
    assert images.grad is not None
    return images.grad.flatten(1).numpy()


@pytest.mark.parametrize("network_type", ALL)
def test_jacov_agrees_with_numpy_correlations_and_general_eigenvalues(network_type):
    network = networks.build(network_type)
    eigenvalues = np.linalg.eig(np.corrcoef(_jacobian(copy.deepcopy(network)))).eigenvalues.real
    expected = -sum(math.log(v + 1e-5) + 1 / (v + 1e-5) for v in eigenvalues)
    assert score_of("jacov", network) == close(expected)


@pytest.mark.parametrize("network_type", CLASSIFIERS)
def test_epe_nas_agrees_with_numpy_correlations_class_by_class(network_type):
    network = networks.build(network_type)
    jacobian = _jacobian(copy.deepcopy(network))
    classes = [jacobian[:2], jacobian[2:5]]  # the third class has one image
    energies = [np.log(np.abs(np.corrcoef(rows)) + 1e-5).sum() for rows in classes]
    assert score_of("epe_nas", network) == close(sum(map(abs, energies)))
    network.num_classes = 101
    per_image = [energies[0] / 2, energies[1] / 3]
    assert score_of("epe_nas", network) == close(2 * abs(per_image[0] - per_image[1]) / 2)


@pytest.mark.parametrize("network_type", ALL)
def test_nwot_agrees_with_counting_equal_bits(network_type, monkeypatch):
    network = networks.build(network_type)
    codes: list[np.ndarray] = []
    plain_relu = torch.relu

    def recording_relu(features: Tensor, inplace: bool = False) -> Tensor:
        codes.append((features > 0).flatten(1).numpy())
        return plain_relu(features)

    with monkeypatch.context() as patch:
        patch.setattr(torch.nn.functional, "relu", recording_relu)
        patch.setattr(torch, "relu", recording_relu)
        copy.deepcopy(network)(networks.minibatch(network)[0])
    kernel = np.zeros((networks.BATCH, networks.BATCH))
    for code in codes:
        for i in range(networks.BATCH):
            for j in range(networks.BATCH):
                kernel[i, j] += (code[i] == code[j]).sum()
    expected = math.log(abs(np.linalg.det(kernel)))
    assert score_of("nwot", network) == close(expected)


@pytest.mark.parametrize("network_type", ALL)
def test_flops_are_half_of_what_torch_counts(network_type):
    from torch.utils.flop_counter import FlopCounterMode

    network = networks.build(network_type)
    images, _ = networks.minibatch(network)
    with FlopCounterMode(display=False) as counter:
        copy.deepcopy(network)(images[:1])
    assert score_of("flops", network) == close(counter.get_total_flops() / 2 / 1e6)


def _linearised(network: nn.Module) -> nn.Module:
    """Return a copy with BatchNorm taken out and all parameters positive."""
    network = copy.deepcopy(network)
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.BatchNorm2d):
            parent, _, child = name.rpartition(".")
            setattr(network.get_submodule(parent), child, nn.Identity())
    for parameter in network.parameters():
        parameter.data.abs_()
    return network


@pytest.mark.parametrize("network_type", ALL)
def test_synflow_agrees_with_a_rewritten_copy_of_the_network(network_type):
    network = networks.build(network_type)
    linear = _linearised(network)
    linear(torch.ones(1, 2, 6, 6, dtype=torch.float64)).sum().backward()
    total = sum((w * w.grad).abs().sum().item() for w in networks.theta(linear))
    assert score_of("synflow", network) == close(math.log(total))


@pytest.mark.parametrize("network_type", ALL)
def test_zen_agrees_with_two_passes_of_a_rewritten_copy(network_type):
    network = networks.build(network_type)
    random = copy.deepcopy(network)
    torch.manual_seed(7)
    norms = [m for m in random.modules() if isinstance(m, nn.BatchNorm2d)]
    for module in random.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.normal_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d) and module.affine:
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)
    images, noise = (
        torch.empty(networks.BATCH, 2, 6, 6, dtype=torch.float64)
        .contiguous(memory_format=torch.channels_last)
        .normal_()
        for _ in range(2)
    )
    features: list[Tensor] = []
    for module in random.modules():
        if isinstance(module, nn.AdaptiveAvgPool2d):
            module.register_forward_hook(lambda _, inputs, __: features.append(inputs[0]))
    outputs = [random(images), random(images + 0.01 * noise)]
    first, second = features or outputs
    expected = math.log((first - second).abs().sum().item() / networks.BATCH)
    expected += sum(0.5 * math.log(norm.running_var.mean().item()) for norm in norms)
    torch.manual_seed(7)
    assert score_of("zen", network) == close(expected)


def test_the_dead_network_has_stated_scores():
    network = networks.build(Dead)
    scores = {name: score_of(name, network) for name in ("grad_norm", "snip", "plain", "fisher")}
    assert scores["grad_norm"] == scores["snip"] == scores["plain"] == 0.0
    assert score_of("grasp", network) == 0.0
    assert score_of("nwot", network) == -math.inf
    assert score_of("synflow", network) == -math.inf
    assert score_of("zen", network) == -math.inf
    equal_rows = [networks.BATCH] + [0] * (networks.BATCH - 1)
    lowest = -sum(math.log(v + 1e-5) + 1 / (v + 1e-5) for v in equal_rows)
    assert score_of("jacov", network) == pytest.approx(lowest, rel=1e-6)
    assert score_of("epe_nas", network) == pytest.approx((4 + 9) * math.log(1 + 1e-5))

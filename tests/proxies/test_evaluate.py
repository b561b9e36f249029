"""Evaluating together: the values of one by one, from no more passes than are needed."""

from __future__ import annotations

import importlib
import math
from collections import Counter

import proxy_networks as networks
import pytest
import torch
from proxy_networks import Branches, Chain, Dead, Dense
from torch import nn
from torch.overrides import TorchFunctionMode

from zcnas.benchmarks import get_benchmark
from zcnas.errors import ProxyError
from zcnas.proxies import PROXIES, evaluate
from zcnas.search_spaces import build_network
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec

PLAIN_BACKWARD = {"grad_norm", "plain", "snip", "fisher"}


def test_the_table_holds_every_module_with_a_score_under_its_name():
    for name, proxy in PROXIES.items():
        module = importlib.import_module(f"zcnas.proxies.{name}")
        assert proxy.__module__ == module.__name__
        assert callable(module.score)
    assert len(PROXIES) == 13


def test_every_score_is_the_one_that_all_proxies_inherit():
    for name, proxy in PROXIES.items():
        module = importlib.import_module(f"zcnas.proxies.{name}")
        assert module.score.__self__ is proxy
        assert "score" not in vars(proxy) or name == "flops"  # which counts in a second way too


@pytest.mark.parametrize("network_type", [Branches, Chain])
def test_together_gives_the_values_of_one_by_one(network_type):
    network = networks.build(network_type)
    minibatch = networks.minibatch(network)
    alone = {
        name: importlib.import_module(f"zcnas.proxies.{name}").score(network, *minibatch)
        for name in PROXIES
    }
    assert evaluate(network, *minibatch) == pytest.approx(alone, rel=1e-12)


def test_float32_agrees_with_float64_where_the_formula_is_well_conditioned():
    double = networks.build(Branches)
    images, targets = networks.minibatch(double)
    exact = evaluate(double, images, targets)
    rounded = evaluate(double.float(), images.float(), targets)
    # plain and grasp cancel, jacov divides by small eigenvalues, zen draws other numbers.
    for name in set(PROXIES) - {"plain", "grasp", "jacov", "zen"}:
        assert rounded[name] == pytest.approx(exact[name], rel=1e-5), name
    assert rounded["grasp"] == pytest.approx(exact["grasp"], rel=1e-3)


def test_a_search_spaces_network_scores_in_float32_as_in_float64():
    cell = (
        "|skip_connect~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
        "+|skip_connect~0|avg_pool_3x3~1|avg_pool_3x3~2|"
    )
    generator = torch.Generator().manual_seed(0)
    images, targets = torch.randn(16, 3, 32, 32, generator=generator), torch.arange(16) % 4
    torch.manual_seed(0)
    network = build_network(NasBench201Spec.parse(cell), get_benchmark("nasbench201_cifar10"))
    names = set(PROXIES) - {"zen"}  # whose draws depend on the dtype
    rounded = evaluate(network, images, targets, names)
    exact = evaluate(network.double(), images.double(), targets, names)
    for name in names:
        # plain and grasp are small rests of large terms.
        close = 1e-4 if name in ("plain", "grasp") else 1e-5
        assert rounded[name] == pytest.approx(exact[name], rel=close), name


def _calls(network: nn.Module, names: list[str], monkeypatch) -> Counter:
    """Return how often the network and autograd were run."""
    counted: Counter = Counter()
    forward, grad = type(network).forward, torch.autograd.grad

    def counting_forward(self, images):
        counted[f"forward of {len(images)}"] += 1
        return forward(self, images)

    def counting_grad(outputs, inputs, *args, **options):
        if len(inputs) > 1:
            counted["to weights"] += 1
        elif inputs[0].shape == (networks.BATCH, 2, 6, 6):
            counted["to input"] += 1
        elif outputs.dim() > 0:
            counted["layer to its weight"] += 1
        return grad(outputs, inputs, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(type(network), "forward", counting_forward)
        patch.setattr(torch.autograd, "grad", counting_grad)
        evaluate(network, *networks.minibatch(network), names)
    return counted


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["params", "l2_norm"], {}),
        (["flops", "nwot"], {"forward of 6": 1}),
        (["grad_norm", "plain", "snip", "fisher"], {"forward of 6": 1, "to weights": 1}),
        (["jacov", "epe_nas"], {"forward of 6": 1, "to input": 1}),
        (
            ["grasp", "snip", "fisher"],
            {"forward of 6": 1, "to weights": 1, "layer to its weight": 5},
        ),
        (["synflow"], {"forward of 1": 1, "to weights": 1}),
        (["zen"], {"forward of 6": 2}),
        (
            list(PROXIES),
            {
                "forward of 6": 3,
                "forward of 1": 1,
                "to weights": 2,
                "layer to its weight": 5,
                "to input": 1,
            },
        ),
    ],
)
def test_only_the_passes_that_are_needed_run_and_each_once(names, expected, monkeypatch):
    assert _calls(networks.build(Branches), names, monkeypatch) == expected


def test_the_order_of_the_names_is_the_order_of_the_answer():
    network = networks.build(Chain)
    names = ["zen", "params", "snip"]
    assert list(evaluate(network, *networks.minibatch(network), names)) == names


def test_everything_works_under_no_grad_with_frozen_parameters():
    network = networks.build(Branches)
    minibatch = networks.minibatch(network)
    expected = evaluate(network, *minibatch)
    network.requires_grad_(False)
    with torch.no_grad():
        assert evaluate(network, *minibatch) == expected


def test_dense_targets_work_for_all_but_epe_nas():
    network = networks.build(Dense)
    minibatch = networks.minibatch(network)
    names = [name for name in PROXIES if name != "epe_nas"]
    assert all(math.isfinite(value) for value in evaluate(network, *minibatch, names).values())
    with pytest.raises(ProxyError, match="epe_nas is defined for classification only"):
        evaluate(network, *minibatch, ["epe_nas"])


def test_probabilities_stand_for_their_likeliest_class():
    network = networks.build(Branches)
    images, targets = networks.minibatch(network)
    soft = nn.functional.one_hot(targets).double() * 0.6 + 0.4 / 3
    assert evaluate(network, images, soft, ["epe_nas"]) == evaluate(
        network, images, targets, ["epe_nas"]
    )


def _cell_of(op: str) -> nn.Module:
    cell = f"|{op}~0|+|{op}~0|{op}~1|+|{op}~0|{op}~1|{op}~2|"
    return build_network(NasBench201Spec.parse(cell), get_benchmark("nasbench201_cifar10"))


def test_a_cell_of_skips_has_finite_scores_and_a_cell_of_zeros_the_lowest():
    images = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([0, 0, 1, 1])
    skips = evaluate(_cell_of("skip_connect"), images, targets)
    assert all(math.isfinite(score) for score in skips.values())
    zeros = evaluate(_cell_of("none"), images, targets)
    for name in ("grad_norm", "grasp", "plain", "snip"):
        assert zeros[name] == 0.0
    for name in ("nwot", "synflow", "zen"):
        assert zeros[name] == -math.inf
    assert zeros["jacov"] == pytest.approx(-3e5, rel=1e-3)  # −1/k for each of three images
    assert zeros["params"] == skips["params"]


def test_one_sample_classes_leave_epe_nas_at_zero():
    network = networks.build(Branches)
    images, _ = networks.minibatch(network)
    assert evaluate(network, images[:3], torch.arange(3), ["epe_nas"]) == {"epe_nas": 0.0}


def test_two_equal_images_give_nwot_a_singular_kernel():
    network = networks.build(Branches)
    images, targets = networks.minibatch(network)
    images[1] = images[0]
    assert evaluate(network, images, targets, ["nwot"]) == {"nwot": -math.inf}


def test_an_overflow_is_infinite_and_no_error():
    network = networks.build(Chain)
    for weight in networks.theta(network):
        weight.data.fill_(1e200)
    scores = evaluate(network, *networks.minibatch(network), ["synflow", "l2_norm"])
    assert scores["synflow"] == math.inf
    network.float()
    images, targets = networks.minibatch(network)
    assert evaluate(network, images.float(), targets, ["l2_norm"]) == {"l2_norm": math.inf}


def test_nothing_else_is_computed_on_a_known_zero():
    class Ops(TorchFunctionMode):
        def __init__(self):
            super().__init__()
            self.seen = Counter()

        def __torch_function__(self, func, types, args=(), kwargs=None):
            self.seen[func] += 1
            return func(*args, **(kwargs or {}))

    with Ops() as ops:
        scores = evaluate(networks.build(Dead), *networks.minibatch(networks.build(Dead)), ["nwot"])
    assert scores == {"nwot": -math.inf}
    assert ops.seen[torch.native_batch_norm] == 0


BAD = {
    "unknown proxy 'snap'; known proxies: epe_nas, fisher": lambda n, x, y: (n, x, y, ["snap"]),
    "Sequential has no Conv2d layer": lambda n, x, y: (nn.Sequential(nn.Linear(2, 2)), x, y),
    "inputs hold 1 image": lambda n, x, y: (n, x[:1], y[:1]),
    "inputs are int64 of shape": lambda n, x, y: (n, x.long(), y),
    "inputs are float64 of shape (6, 2)": lambda n, x, y: (n, x[:, :, 0, 0], y),
    "targets are int64 of shape (4,)": lambda n, x, y: (n, x, y[:4]),
    "targets are a list": lambda n, x, y: (n, x, y.tolist()),
    "targets lie in 1..3; this network's labels are 0..2": lambda n, x, y: (n, x, y + 1),
    "does not take targets that are float64 of shape (6,)": lambda n, x, y: (
        n, x, y.double(), ["snip"],
    ),
    "all 6 targets are of class 2; epe_nas compares classes": lambda n, x, y: (n, x, y * 0 + 2),
    "epe_nas is defined for classification only": lambda n, x, y: (n, x, y.double(), ["epe_nas"]),
}  # fmt: skip


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused_with_what_to_pass_instead(message):
    import re

    network = networks.build(Branches)
    arguments = BAD[message](network, *networks.minibatch(network))
    with pytest.raises(ProxyError, match=re.escape(message)):
        evaluate(*arguments)


def test_a_strided_1x1_convolution_runs_in_channels_last_without_pytorchs_own_backward():
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 1, stride=2)

        def forward(self, images):
            return self.conv(images).mean((2, 3))

    network = Net()
    images, targets = torch.randn(6, 4, 5, 5), torch.tensor([0, 0, 1, 1, 2, 2])
    expected = sum(
        (w * g).abs().sum().item()
        for w, g in zip(
            networks.theta(network), networks.loss_gradients(network, images, targets), strict=True
        )
    )
    for _ in range(50):
        assert evaluate(network, images, targets, ["snip"])["snip"] == pytest.approx(
            expected, rel=1e-5
        )

"""Memory is bounded: nothing is kept that one ordinary forward and backward does not keep."""

from __future__ import annotations

import proxy_networks as networks
import pytest
import torch
from torch import Tensor

from zcnas.benchmarks import get_benchmark
from zcnas.proxies import PROXIES, evaluate
from zcnas.proxies.proxy import Proxy
from zcnas.search_spaces import build_network
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec

CELL = (
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|avg_pool_3x3~1|"
    "+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"
)
TWELVE = [name for name in PROXIES if name != "grasp"]


def _peak_bytes(function, *arguments) -> int:
    """Return the most bytes of tensors that were alive at one time during the call."""
    with torch.autograd.profiler.profile(profile_memory=True) as profile:
        function(*arguments)
    events = [event for event in profile.kineto_results.events() if event.name() == "[memory]"]
    now = top = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        now += event.nbytes()
        top = max(top, now)
    return top


@pytest.fixture(scope="module")
def workload():
    torch.manual_seed(0)
    network = build_network(NasBench201Spec.parse(CELL), get_benchmark("nasbench201_cifar10"))
    images = torch.randn(8, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    targets = torch.arange(8) % 2
    plain = _peak_bytes(networks.loss_gradients, network, images, targets)
    return network, images, targets, plain


def test_twelve_proxies_need_less_memory_than_one_forward_and_backward(workload):
    """Less, because a ReLU of one tensor is computed and kept once for all its edges."""
    *minibatch, plain = workload
    assert _peak_bytes(evaluate, *minibatch, TWELVE) <= 0.85 * plain


def test_grasp_keeps_the_derivative_along_the_weights_beside_every_tensor(workload):
    *minibatch, plain = workload
    assert _peak_bytes(evaluate, *minibatch, list(PROXIES)) <= 2.5 * plain


def test_a_proxy_that_keeps_what_it_hears_would_be_noticed(workload, monkeypatch):
    class Hoarder(Proxy):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)
            self.kept: list[Tensor] = []

        def layer_gradient(self, weight: Tensor, answer: Tensor, gradient: Tensor) -> None:
            self.kept.append(answer * gradient)

        def value(self) -> float:
            return 0.0

    *minibatch, plain = workload
    monkeypatch.setitem(evaluate.__globals__["PROXIES"], "hoarder", Hoarder)
    assert _peak_bytes(evaluate, *minibatch, [*TWELVE, "hoarder"]) > 0.85 * plain

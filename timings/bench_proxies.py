"""Compares all proxies evaluated together with one at a time: the price of a score.

    python timings/bench_proxies.py [--benchmark KEY | --every-space] [--architectures N]

It measures CPU time in one run on one pinned core. The reference evaluates one proxy after another
in the straightforward way: a fresh copy of the network, contiguous tensors, one forward and one
backward pass through what the proxy differentiates (only to the weights, the input or the layers'
outputs, as needed), the full double backward pass for grasp, one image for flops and synflow. For
each side it prints forward and backward passes with their times and the rest, then the two ratios,
for the twelve without grasp and for all thirteen; the last line is the ratio for all thirteen. It
also compares the scores of both sides.

glibc returns freed blocks above 128 KiB to the kernel, which then clears every page again; both
sides get about a tenth faster if glibc may keep them:

    MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=4294967296 python timings/…
"""

from __future__ import annotations

import argparse
import copy
import math
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from bench_devices import BATCH_SIZES, SPACES
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from zcnas.benchmarks import Benchmark, get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.proxies import PROXIES, evaluate
from zcnas.search_spaces import SEARCH_SPACES, build_network

BATCH_SIZE = 64


@dataclass
class Clock:
    """Counts calls by kind and adds up their CPU time in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)

    running: bool = False

    def timed(self, kind: str, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Run a function and record its time, including everything it calls."""
        if self.running:
            return function(*args, **options)
        start = time.process_time()
        self.running = True
        answer = function(*args, **options)
        self.running = False
        self.seconds[kind] = self.seconds.get(kind, 0.0) + time.process_time() - start
        self.calls[kind] = self.calls.get(kind, 0) + 1
        return answer

    def print(self, side: str, total: float) -> None:
        """Print a line per kind and one for the rest."""
        inside = 0.0
        for kind, seconds in self.seconds.items():
            print(f"  {side:9} {kind:9} {self.calls[kind]:5} calls {seconds:8.2f} s")
            inside += seconds
        print(f"  {side:9} {'rest':9} {'':11} {total - inside:8.2f} s  (total {total:.2f} s)")


class Reference:
    """One proxy at a time. Each method is one proxy on a fresh copy of the network."""

    def __init__(self, network: nn.Module, inputs: Tensor, targets: Tensor, clock: Clock) -> None:
        self.network = copy.deepcopy(network)
        self.inputs = inputs
        self.targets = targets
        self.clock = clock
        self.layers = [m for m in self.network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
        self.weights = [layer.weight for layer in self.layers]

    def forward(self, inputs: Tensor) -> Tensor:
        """Run the network under the clock."""
        outputs: Tensor = self.clock.timed("forward", self.network, inputs)
        return outputs

    def backward(self, value: Tensor, leaves: Sequence[Tensor], **options: Any) -> Sequence[Tensor]:
        """Differentiate under the clock."""
        gradients: Sequence[Tensor] = self.clock.timed(
            "backward", torch.autograd.grad, value, leaves, **options
        )
        return gradients

    def loss(self) -> Tensor:
        """Return the training loss of one forward pass."""
        loss: Tensor = self.network.get_loss_fn()(self.forward(self.inputs), self.targets)  # type: ignore[operator]
        return loss

    def params(self) -> float:
        """Return params."""
        return sum(parameter.numel() for parameter in self.network.parameters()) / 1e6

    def flops(self) -> float:
        """Return flops."""
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            self.forward(self.inputs[:1])
        return counter.get_total_flops() / 2e6

    def l2_norm(self) -> float:
        """Return l2_norm."""
        return sum(weight.detach().norm().item() for weight in self.weights)

    def grad_norm(self) -> float:
        """Return grad_norm."""
        return sum(gradient.norm().item() for gradient in self.backward(self.loss(), self.weights))

    def plain(self) -> float:
        """Return plain."""
        gradients = self.backward(self.loss(), self.weights)
        return sum((w.detach() * g).sum().item() for w, g in self._pairs(gradients))

    def snip(self) -> float:
        """Return snip."""
        gradients = self.backward(self.loss(), self.weights)
        return sum((w.detach() * g).abs().sum().item() for w, g in self._pairs(gradients))

    def grasp(self) -> float:
        """Return grasp."""
        gradients = self.backward(self.loss(), self.weights, create_graph=True)
        inner = sum((gradient.detach() * gradient).sum() for gradient in gradients)
        assert isinstance(inner, Tensor)
        products = self.backward(inner, self.weights)
        return -sum((w.detach() * h).sum().item() for w, h in self._pairs(products))

    def _pairs(self, others: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
        return list(zip(self.weights, others, strict=True))

    def fisher(self) -> float:
        """Return fisher."""
        answers: list[tuple[Tensor, int]] = []
        for parameter in self.network.parameters():
            parameter.requires_grad_(False)

        def keep(layer: nn.Module, _: Any, answer: Tensor) -> Tensor:
            if not answer.requires_grad:
                answer.requires_grad_()
            answers.append((answer, layer.weight[0].numel()))  # type: ignore[index, operator]
            return answer

        for layer in self.layers:
            layer.register_forward_hook(keep)
        gradients = self.backward(self.loss(), [answer for answer, _ in answers])
        total = 0.0
        for (answer, fan_in), gradient in zip(answers, gradients, strict=True):
            per_sample = answer.detach() * gradient
            per_sample = per_sample.flatten(2).sum(2) if answer.dim() == 4 else per_sample
            total += fan_in * 0.5 * per_sample.square().mean(0).sum().item()
        return total

    def _correlations(self) -> Tensor:
        for parameter in self.network.parameters():
            parameter.requires_grad_(False)
        images = self.inputs.clone().requires_grad_()
        (jacobian,) = self.backward(self.forward(images).sum(), [images])
        return torch.corrcoef(jacobian.flatten(1).double())

    def jacov(self) -> float:
        """Return jacov."""
        eigenvalues = torch.linalg.eigvalsh(self._correlations()) + 1e-5
        return -(eigenvalues.log() + 1 / eigenvalues).sum().item()

    def epe_nas(self) -> float:
        """Return epe_nas."""
        logs = (self._correlations().abs() + 1e-5).log()
        labels = self.targets if self.targets.dim() == 1 else self.targets.argmax(dim=1)
        groups = [(labels == label).nonzero().flatten() for label in labels.unique()]
        energies = [(len(g), logs[g][:, g].sum().item()) for g in groups if len(g) > 1]
        if self.network.num_classes <= 100:  # type: ignore[operator]
            return sum(abs(energy) for _, energy in energies)
        means = [energy / count for count, energy in energies]
        return sum(abs(a - b) for a in means for b in means) / max(len(means), 1)

    def nwot(self) -> float:
        """Return nwot."""
        kernel = torch.zeros(len(self.inputs), len(self.inputs), dtype=torch.float64)

        def add(_: nn.Module, __: Any, answer: Tensor) -> None:
            active = (answer > 0).flatten(1).float()
            both = active @ active.T
            count = both.diagonal()
            kernel.add_(active.shape[1] - count[:, None] - count[None] + 2 * both)

        for module in self.network.modules():
            if isinstance(module, nn.ReLU):
                module.register_forward_hook(add)
        with torch.no_grad():
            self.forward(self.inputs)
        return torch.linalg.slogdet(kernel).logabsdet.item()

    def synflow(self) -> float:
        """Return synflow."""
        for name, module in list(self.network.named_modules()):
            if isinstance(module, nn.BatchNorm2d):
                parent, _, child = name.rpartition(".")
                setattr(self.network.get_submodule(parent), child, nn.Identity())
        self.network.double()
        for parameter in self.network.parameters():
            parameter.data.abs_()
        ones = torch.ones(1, *self.inputs.shape[1:], dtype=torch.float64)
        gradients = self.backward(self.forward(ones).sum(), self.weights)
        total = sum((w.detach() * g).sum().item() for w, g in self._pairs(gradients))
        return math.log(total) if total > 0 else float("-inf")

    def zen(self) -> float:
        """Return zen."""
        for layer in self.layers:
            nn.init.normal_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        images, noise = torch.randn_like(self.inputs), torch.randn_like(self.inputs)
        features: list[Tensor] = []
        for module in self.network.modules():
            if isinstance(module, nn.AdaptiveAvgPool2d):
                module.register_forward_hook(lambda _, inputs, __: features.append(inputs[0]))
        with torch.no_grad():
            self.forward(images)
            self.forward(images + 0.01 * noise)
        score = math.log((features[0] - features[1]).abs().sum().item() / len(images))
        for module in self.network.modules():
            if isinstance(module, nn.BatchNorm2d) and module.running_var is not None:
                score += 0.5 * math.log(module.running_var.mean().item())
        return score


def run_together(
    network: nn.Module, inputs: Tensor, targets: Tensor, names: Sequence[str], clock: Clock
) -> dict[str, float]:
    """Evaluate together, timing forward and backward passes."""
    grad = torch.autograd.grad
    forward = type(network).forward

    def timed_forward(self: nn.Module, images: Tensor) -> Any:
        """Return timed_forward."""
        return clock.timed("forward", forward, self, images)

    def timed_grad(*args: Any, **options: Any) -> Any:
        """Return timed_grad."""
        return clock.timed("backward", grad, *args, **options)

    type(network).forward = timed_forward  # type: ignore[method-assign, assignment]
    torch.autograd.grad = timed_grad
    try:
        return evaluate(network, inputs, targets, names)
    finally:
        type(network).forward = forward  # type: ignore[method-assign]
        torch.autograd.grad = grad


def measure(benchmark: Benchmark, count: int, batch_size: int) -> None:
    """Print both sides of one benchmark, their passes and the ratios."""
    fallback = load_minibatch(benchmark, batch_size, 0, None)
    inputs, targets = torch.from_numpy(fallback.inputs), torch.from_numpy(fallback.targets)
    twelve = [name for name in PROXIES if name != "grasp"]
    sides = ("reference", "thirteen", "twelve")
    clocks = {side: Clock() for side in sides}
    totals = dict.fromkeys(sides, 0.0)
    of_proxy = dict.fromkeys(PROXIES, 0.0)
    worst = dict.fromkeys(PROXIES, 0.0)
    rng = random.Random(0)
    for index in range(count):
        spec = SEARCH_SPACES[benchmark.search_space].spec.sample(rng)
        torch.manual_seed(index + 1)
        network = build_network(spec, benchmark)
        if index == 0:
            warm_up(network, inputs[:2], targets[:2])
        together = {}
        for side, names in (("twelve", twelve), ("thirteen", list(PROXIES))):
            torch.manual_seed(0)
            start = time.process_time()
            together = run_together(network, inputs, targets, names, clocks[side])
            totals[side] += time.process_time() - start
        for name in PROXIES:
            torch.manual_seed(0)
            start = time.process_time()
            alone = getattr(Reference(network, inputs, targets, clocks["reference"]), name)()
            of_proxy[name] += time.process_time() - start
            if name != "zen":  # other draws
                error = abs(alone - together[name]) / max(abs(alone), 1e-9)
                worst[name] = max(worst[name], 0.0 if alone == together[name] else error)
    totals["reference"] = sum(of_proxy.values())
    print(f"{benchmark.key}, {count} architectures, batch {len(inputs)}, CPU time")
    for name in PROXIES:
        print(
            f"  reference {name:9} {of_proxy[name]:8.2f} s   largest difference {worst[name]:.1e}"
        )
    for side in sides:
        clocks[side].print(side, totals[side])
    without = totals["reference"] - of_proxy["grasp"]
    print(f"twelve without grasp: {without:.2f} s / {totals['twelve']:.2f} s")
    print(f"{without / totals['twelve']:.1f}x")
    print(f"all thirteen: {totals['reference']:.2f} s / {totals['thirteen']:.2f} s")
    print(f"{totals['reference'] / totals['thirteen']:.1f}x", flush=True)


def warm_up(network: nn.Module, inputs: Tensor, targets: Tensor) -> None:
    """Run both sides on a few images."""
    evaluate(network, inputs, targets)
    for name in PROXIES:
        getattr(Reference(network, inputs, targets, Clock()), name)()


def main() -> None:
    """Measure one benchmark after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--benchmark", action="append", help="may be repeated")
    parser.add_argument("--every-space", action="store_true", help="one benchmark of each space")
    parser.add_argument("--architectures", type=int, help="30; 1 for every space")
    parser.add_argument("--batch-size", type=int, help="instead of the published one")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {arguments.core})
    torch.set_num_threads(1)
    count = arguments.architectures or (1 if arguments.every_space else 30)
    named = arguments.benchmark or (SPACES if arguments.every_space else SPACES[:1])
    for key in named:
        measure(get_benchmark(key), count, arguments.batch_size or BATCH_SIZES.get(key, BATCH_SIZE))


if __name__ == "__main__":
    main()

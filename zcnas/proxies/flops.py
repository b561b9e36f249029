"""flops: the arithmetic of one image's forward pass, in millions.

    count = "macs":       score = Σ_layers (outputs × fan-in) / 10⁶
    count = "published":  score = (macs + 2 per BatchNorm input + 1 per ReLU input
                                  + k² per output of a k×k pooling
                                  + (H + 1)(W + 1) per output of global pooling) / 10⁶

Multiply-accumulates of convolutions, transposed convolutions and linear layers; higher is better.
Defined for every task and independent of labels. A layer that runs several times counts each time,
an operation that is applied to zeros counts like any other.

The published column of NAS-Bench-Suite-Zero is no count of multiply-accumulates but the second
form; ``published`` is there to be checked against it.

Reference: Ning et al., NeurIPS 2021, arXiv:2008.03064; Krishnakumar et al.,
"NAS-Bench-Suite-Zero", NeurIPS 2022, arXiv:2210.03230.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from zcnas.proxies.interpreter import LAYERS, RELUS, Op
from zcnas.proxies.passes import score_alone
from zcnas.proxies.proxy import Proxy


class Flops(Proxy):
    """Counts the multiply-accumulates of the shared forward."""

    total = 0

    def operation(self, op: Op, features: Tensor, weight: Tensor | None, answer: Tensor) -> None:
        """Add one operation."""
        if weight is not None:
            # A transposed convolution spreads each input over the weights; the others gather.
            self.total += (answer if op in LAYERS else features).numel() * weight[0].numel()

    def value(self) -> float:
        """Return millions per image."""
        return self.total / len(self.inputs) / 1e6


class PublishedFlops(Flops):
    """Counts what the published column counts."""

    def operation(self, op: Op, features: Tensor, weight: Tensor | None, answer: Tensor) -> None:
        """Add one operation."""
        super().operation(op, features, weight, answer)
        if op is functional.batch_norm:
            self.total += 2 * features.numel()
        elif op in RELUS:
            self.total += features.numel()
        elif op is functional.adaptive_avg_pool2d:
            height, width = features.shape[2:]
            self.total += answer.numel() * (height + 1) * (width + 1)
        elif weight is None:
            window = features.shape[2] // answer.shape[2]
            self.total += answer.numel() * (9 if window == 1 else window**2)


def score(
    network: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    *,
    count: Literal["macs", "published"] = "macs",
) -> float:
    """Return the millions of operations per image; higher = better. See the module.

    Args:
        network: Left as found.
        inputs: (B, C, H, W), B ≥ 2; only the shape matters.
        targets: One per image; not looked at.
        count: Multiply-accumulates, or the published column's count.

    Raises:
        ProxyError: The network has no convolution, or the minibatch is malformed.
    """
    counter = Flops if count == "macs" else PublishedFlops
    return score_alone(counter, network, inputs, targets)

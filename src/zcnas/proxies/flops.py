"""flops: the arithmetic of one image's forward pass, in millions.

    count = "macs":       score = Σ_layers (outputs × fan-in) / 10⁶
    count = "published":  score = (macs without transposed convolutions
                                  + 1 per output of a convolution's bias
                                  + 2 per output of an affine BatchNorm, 1 of another
                                  + 1 per output of a ReLU or leaky ReLU
                                  + k² per output of k×k pooling
                                  + (H + 1)(W + 1) per output of global pooling) / 10⁶

Multiply-accumulates of convolutions, transposed convolutions and linear layers; higher is better.
Defined for every task and independent of labels. A layer that runs several times counts each time,
an operation that is applied to zeros counts like any other.

The published column of NAS-Bench-Suite-Zero is not a count of multiply-accumulates but the second
form; ``published`` is there to be checked against it (``make verify-spaces``). Two of its habits go
by the network: NAS-Bench-101's global pooling counts nothing, because NASLib's network takes a mean
there, and of a jigsaw's nine tiles the encoder is counted on one. It goes by layers (modules), so a
ReLU written as a function counts nothing.

Reference: Ning et al., NeurIPS 2021, arXiv:2008.03064; Krishnakumar et al.,
"NAS-Bench-Suite-Zero", NeurIPS 2022, arXiv:2210.03230.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from zcnas.proxies.interpreter import LAYERS, Op
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

    @classmethod
    def score(
        cls,
        network: nn.Module,
        inputs: Tensor,
        targets: Tensor,
        *,
        count: Literal["macs", "published"] = "macs",
    ) -> float:
        """Return the millions of operations per image, as ``Proxy.score`` does.

        Args:
            network: Left as found.
            inputs: (B, C, H, W), B ≥ 2; only the shape matters.
            targets: One per image; not looked at.
            count: Multiply-accumulates, or the published column's count.

        Raises:
            ProxyError: The network has no convolution, or the minibatch is malformed.
        """
        if count == "published":
            return PublishedFlops.score(network, inputs, targets)
        return super().score(network, inputs, targets)


class PublishedFlops(Proxy):
    """Runs a forward of its own on one image."""

    def value(self) -> float:
        """Return millions per image."""
        self.network.eval()  # a batch of one has no statistics; ``as_found`` gives the mode back
        return operations(self.network, tuple(self.inputs.shape[1:]))[1] / 1e6


def operations(network: nn.Module, input_shape: tuple[int, ...]) -> tuple[int, int]:
    """Return (multiply-accumulates, published count) of one forward pass of one input.

    Runs on whatever device and in whatever dtype the network has; on PyTorch's meta device it
    computes nothing.

    Args:
        network: In evaluation mode. Hooks are set and taken off again.
        input_shape: (C, H, W), of jigsaw (9, C, H, W).
    """
    macs = published = 0
    uncounted = getattr(network, "uncounted_pool", None)

    def count(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        nonlocal macs, published
        done, counted = _operations_of(layer, inputs[0], output)
        macs += done
        published += 0 if layer is uncounted else counted

    leaves = [layer for layer in network.modules() if not any(layer.children())]
    handles = [leaf.register_forward_hook(count) for leaf in leaves]
    image = next(network.parameters()).new_zeros(1, *input_shape)
    try:
        with torch.no_grad():
            if len(input_shape) == 4:  # jigsaw: an encoder for each tile, one decoder for all
                features = network.get_submodule("encoder")(image[:, 0])
                macs *= input_shape[0]
                network.get_submodule("decoder")(features.repeat(1, input_shape[0], 1, 1))
            else:
                network(image)
    finally:
        for handle in handles:
            handle.remove()
    return macs, published


def _operations_of(layer: nn.Module, inputs: Tensor, output: Tensor) -> tuple[int, int]:
    """Return (multiply-accumulates, published count) of one layer."""
    size = output.numel()
    if isinstance(layer, nn.ConvTranspose2d):
        return inputs.numel() * layer.weight[0].numel(), 0
    if isinstance(layer, nn.Conv2d):
        macs = size * layer.weight[0].numel()
        return macs, macs + (size if layer.bias is not None else 0)
    if isinstance(layer, nn.Linear):
        return size * layer.in_features, size * layer.in_features
    if isinstance(layer, nn.BatchNorm2d):
        return 0, size * (2 if layer.affine else 1)
    if isinstance(layer, nn.ReLU | nn.LeakyReLU):
        return 0, size
    if isinstance(layer, nn.MaxPool2d | nn.AvgPool2d):
        assert isinstance(layer.kernel_size, int)
        return 0, size * layer.kernel_size**2
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        height, width = inputs.shape[-2:]
        return 0, size * (height + 1) * (width + 1)
    return 0, 0


score = Flops.score

"""Layers that more than one search space is made of.

A layer that only one search space uses lives in that space's ``network.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional

from zcnas.search_spaces.four_node_cell import EDGES


class ReluConvBn(nn.Sequential):
    """ReLU, convolution without bias, BatchNorm: (B, C, H, W) to (B, C', H/stride, W/stride)."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel_size: int,
        stride: int = 1,
        affine: bool = True,
    ) -> None:
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(channels_in, channels_out, kernel_size, stride, kernel_size // 2, bias=False),
            nn.BatchNorm2d(channels_out, affine=affine),
        )


class FourNodeCell(nn.Module):
    """A cell of four nodes, each the sum of its incoming edges.

    Args:
        edges: One module per edge, in the order of ``EDGES``.
    """

    def __init__(self, edges: Iterable[nn.Module]) -> None:
        super().__init__()
        self.edges = nn.ModuleList(edges)

    def forward(self, features: Tensor) -> Tensor:
        """Return node 3, given node 0 (B, C, H, W)."""
        nodes: list[Tensor | None] = [features, None, None, None]
        for op, (source, target) in zip(self.edges, EDGES, strict=True):
            value = op(nodes[source])
            partial = nodes[target]
            nodes[target] = value if partial is None else partial + value
        output = nodes[3]
        assert output is not None
        return output


class FactorizedReduce(nn.Module):
    """A skip connection over a reduction: (B, C, H, W) to (B, C', ⌈H/2⌉, ⌈W/2⌉).

    Two 1×1 convolutions of stride 2 give half of the channels each; the second one sees the
    pixels at odd places, of which an odd side lacks the last (zeros stand for it).

    Reference: Liu, Simonyan and Yang, "DARTS", ICLR 2019, arXiv:1806.09055 (the released code).
    """

    def __init__(self, channels_in: int, channels_out: int, affine: bool = True) -> None:
        super().__init__()
        half = channels_out // 2
        self.relu = nn.ReLU()
        self.even = nn.Conv2d(channels_in, half, 1, stride=2, bias=False)
        self.odd = nn.Conv2d(channels_in, channels_out - half, 1, stride=2, bias=False)
        self.norm = nn.BatchNorm2d(channels_out, affine=affine)

    def forward(self, features: Tensor) -> Tensor:
        """Return the normalised halves side by side."""
        active = self.relu(features)
        shifted = functional.pad(active, (0, 1, 0, 1))[:, :, 1:, 1:]
        normalised: Tensor = self.norm(torch.cat([self.even(active), self.odd(shifted)], dim=1))
        return normalised


def he_init(module: nn.Module) -> None:
    """Draw every convolution's weights from N(0, 2 / (k² · C')), C' the output channels.

    Reference: He et al., "Delving Deep into Rectifiers", ICCV 2015, arXiv:1502.01852, eq. 14.
    """
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, nn.Conv2d):
                fan_out = len(layer.weight) * math.prod(layer.kernel_size)
                layer.weight.normal_(0.0, math.sqrt(2.0) / math.sqrt(fan_out))


def three_stages(channels: int) -> tuple[int, int, int]:
    """Return the channels of three stages, each twice as wide as the one before."""
    return channels, 2 * channels, 4 * channels

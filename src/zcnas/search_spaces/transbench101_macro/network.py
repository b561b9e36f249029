"""The networks of a TransNAS-Bench-101 skeleton.

A stem to 64 channels at a quarter of the side, four to six modules of two residual blocks each,
and the task's head or decoder.

Reference: Duan et al., CVPR 2021, arXiv:2105.11871, section 3.1.
"""

from __future__ import annotations

from torch import Tensor, nn

from zcnas.benchmarks import Dataset
from zcnas.search_spaces.blueprints import construct, drawn_later
from zcnas.search_spaces.layers import ReluConvBn, he_init
from zcnas.search_spaces.taskonomy import STEM_CHANNELS, STEM_STRIDE, TaskNetwork, stem
from zcnas.search_spaces.transbench101_macro.spec import TransBench101MacroSpec

BLOCKS_PER_MODULE = 2


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut: (B, C, H, W) to (B, C', H/stride, W/stride)."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.conv_a = ReluConvBn(channels_in, channels_out, 3, stride)
        self.conv_b = ReluConvBn(channels_out, channels_out, 3)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels_in != channels_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False),
                nn.BatchNorm2d(channels_out),
            )

    def forward(self, features: Tensor) -> Tensor:
        """Return the sum of both branches."""
        residual: Tensor = self.conv_b(self.conv_a(features))
        shortcut: Tensor = self.shortcut(features)
        return residual + shortcut


def build(spec: TransBench101MacroSpec, dataset: Dataset) -> TaskNetwork:
    """Return the network of ``spec`` for ``dataset``, freshly initialised, in train mode.

    The encoder starts from He's initialisation, as published; the rest from PyTorch's defaults.
    """
    blocks = []
    channels = STEM_CHANNELS
    for module in spec.modules:
        wider = channels * 2 if module in (2, 4) else channels
        blocks.append((channels, wider, 2 if module in (3, 4) else 1))
        blocks += [(wider, wider, 1)] * (BLOCKS_PER_MODULE - 1)
        channels = wider
    with drawn_later():
        encoder = nn.Sequential(stem(3), *(construct(ResidualBlock, *each) for each in blocks))
    he_init(encoder)
    return TaskNetwork(encoder, channels, STEM_STRIDE * 2**spec.reductions, dataset)

"""The network of a NAS-Bench-201 cell.

A 3×3 convolution to 16 channels, three stages of five equal cells with 16, 32 and 64 channels, a
residual block that halves the resolution between two stages, then BatchNorm, ReLU, global average
pooling and a linear classifier.

Reference: Dong and Yang, ICLR 2020, arXiv:2001.00326, section 2.1.
"""

from __future__ import annotations

from torch import Tensor, nn

from zcnas.benchmarks import Dataset
from zcnas.search_spaces.blueprints import construct, fresh_copies
from zcnas.search_spaces.layers import FourNodeCell, ReluConvBn, three_stages
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.search_spaces.network import Network

STAGE_CHANNELS = (16, 32, 64)
CELLS_PER_STAGE = 5


class Zero(nn.Module):
    """The operation ``none``.

    Zeros that stay connected to the input, so that every parameter has a gradient.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Return zeros of the input's shape (B, C, H, W)."""
        return features * 0.0


class Cell(FourNodeCell):
    """The cell of a spec: (B, C, H, W) to the same shape."""

    def __init__(self, spec: NasBench201Spec, channels: int) -> None:
        super().__init__(construct(_build_op, op, channels) for op in spec.ops)


class ReductionBlock(nn.Module):
    """The residual block between two stages: (B, C, H, W) to (B, 2C, H/2, W/2)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv_a = ReluConvBn(channels_in, channels_out, 3, stride=2)
        self.conv_b = ReluConvBn(channels_out, channels_out, 3, stride=1)
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, stride=2), nn.Conv2d(channels_in, channels_out, 1, bias=False)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the sum of the two-convolution branch and the pooled 1×1 shortcut."""
        residual: Tensor = self.conv_b(self.conv_a(features))
        shortcut: Tensor = self.shortcut(features)
        return residual + shortcut


class NasBench201Network(Network):
    """The NAS-Bench-201 network: images (B, C, H, W) to logits (B, K)."""

    def __init__(self, spec: NasBench201Spec, dataset: Dataset) -> None:
        super().__init__(dataset.num_classes)
        stages, cells = STAGE_CHANNELS, CELLS_PER_STAGE
        if dataset.size is not None:
            stages, cells = three_stages(dataset.size.channels), dataset.size.cells
        first, last = stages[0], stages[-1]
        self.stem = nn.Sequential(
            nn.Conv2d(dataset.input_shape[0], first, 3, padding=1, bias=False),
            nn.BatchNorm2d(first),
        )
        self.cells = nn.Sequential()
        channels = first
        for stage_channels in stages:
            if stage_channels != channels:
                self.cells.append(construct(ReductionBlock, channels, stage_channels))
                channels = stage_channels
            self.cells.extend(fresh_copies(Cell(spec, channels), cells))
        self.head = nn.Sequential(nn.BatchNorm2d(last), nn.ReLU())
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Linear(last, dataset.num_classes)

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the features (B, 64, H/4, W/4) before pooling."""
        features: Tensor = self.head(self.cells(self.stem(images)))
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        """Return the logits (B, K)."""
        logits: Tensor = self.classifier(self.pool(features))
        return logits


def build(spec: NasBench201Spec, dataset: Dataset) -> NasBench201Network:
    """Return the network of ``spec`` in train mode, with PyTorch's default initialisation."""
    return NasBench201Network(spec, dataset)


def _build_op(op: str, channels: int) -> nn.Module:
    if op == "none":
        return Zero()
    if op == "skip_connect":
        return nn.Identity()
    if op == "avg_pool_3x3":
        return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
    return ReluConvBn(channels, channels, kernel_size=1 if op == "nor_conv_1x1" else 3, stride=1)

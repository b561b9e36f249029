"""The network of a NAS-Bench-301 architecture.

A 3×3 convolution to 96 channels and eight cells, of which the third and sixth are reduction cells
that double the channels (32, 64, 128 per node) and halve the side; then global average pooling and
a linear classifier. Every cell sees the outputs of the two cells before it, each brought to the
cell's width first.

During training the publication hangs an auxiliary classifier on the network. It takes no part in
the network's answer, gets no gradient from it and is in no published parameter count, so ``build``
leaves it out unless asked.

Reference: Liu, Simonyan and Yang, ICLR 2019, arXiv:1806.09055; Zela et al., ICLR 2022,
arXiv:2008.09777, appendix. NASLib hangs the auxiliary classifier on the last cell instead of the
sixth; so do we.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from zcnas.benchmarks import Dataset
from zcnas.search_spaces.blueprints import construct, fresh_copies
from zcnas.search_spaces.layers import FactorizedReduce, ReluConvBn
from zcnas.search_spaces.nasbench301.spec import INPUTS, NODES, NasBench301Spec
from zcnas.search_spaces.nasbench301.spec import Cell as CellSpec
from zcnas.search_spaces.network import Network

CHANNELS = 32
STEM_FACTOR = 3
"""The stem is so many times as wide as a node of the first cells."""
CELLS = 8


class Cell(nn.Module):
    """A cell: two inputs (B, …) to (B, 4C, H, W), or to (B, 4C, H/2, W/2) if it reduces."""

    def __init__(self, spec: CellSpec, channels: int, reduces: bool) -> None:
        super().__init__()
        self.sources = [source for _, source in spec]
        self.edges = nn.ModuleList(
            construct(_build_op, op, channels, 2 if reduces and source < INPUTS else 1)
            for op, source in spec
        )

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return the nodes side by side: every node is the sum of its two edges."""
        values = [first, second]
        results = (op(values[source]) for op, source in zip(self.edges, self.sources, strict=True))
        for result in results:
            values.append(result + next(results))
        return torch.cat(values[INPUTS:], dim=1)


class AuxiliaryClassifier(nn.Sequential):
    """The classifier for training only: (B, C, 8, 8) to logits (B, K)."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__(
            nn.ReLU(),
            nn.AvgPool2d(5, stride=3, count_include_pad=False),
            nn.Conv2d(channels, 128, 1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.Conv2d(128, 768, 2, bias=False),
            nn.BatchNorm2d(768),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(768, classes),
        )


class NasBench301Network(Network):
    """The NAS-Bench-301 network: images (B, C, H, W) to logits (B, K).

    Attributes:
        auxiliary: The auxiliary classifier of features (B, 512, 8, 8), or None.
    """

    def __init__(self, spec: NasBench301Spec, dataset: Dataset, auxiliary: bool) -> None:
        super().__init__(dataset.num_classes)
        channels, cells = CHANNELS, CELLS
        if dataset.size is not None:
            channels, cells = dataset.size.channels, 3 * dataset.size.cells
        stem_channels = STEM_FACTOR * channels
        self.stem = nn.Sequential(
            nn.Conv2d(dataset.input_shape[0], stem_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(stem_channels),
        )
        plan = []
        for index in range(cells):
            reduces = index in (cells // 3, 2 * cells // 3)
            channels *= 2 if reduces else 1
            plan.append((channels, reduces))
        self.cells = nn.ModuleList()
        for (channels, reduces), run in itertools.groupby(plan):
            cell = Cell(spec.reduction if reduces else spec.normal, channels, reduces)
            self.cells.extend(fresh_copies(cell, len(list(run))))
        self.entries = nn.ModuleList()
        widths, just_reduced = (stem_channels, stem_channels), False
        for channels, reduces in plan:
            self.entries.append(construct(_entry, widths[0], channels, just_reduced))
            self.entries.append(construct(_entry, widths[1], channels, False))
            widths, just_reduced = (widths[1], NODES * channels), reduces
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Linear(widths[1], dataset.num_classes)
        self.auxiliary = AuxiliaryClassifier(widths[1], dataset.num_classes) if auxiliary else None

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the features (B, 512, H/4, W/4) before pooling."""
        first: Tensor = self.stem(images)
        second = first
        for index, cell in enumerate(self.cells):
            entry_a, entry_b = self.entries[2 * index], self.entries[2 * index + 1]
            first, second = second, cell(entry_a(first), entry_b(second))
        return second

    def forward_head(self, features: Tensor) -> Tensor:
        """Return the logits (B, K)."""
        logits: Tensor = self.classifier(self.pool(features))
        return logits


def build(spec: NasBench301Spec, dataset: Dataset, auxiliary: bool = False) -> NasBench301Network:
    """Return the network of ``spec`` for ``dataset``, with PyTorch's defaults, in train mode.

    Args:
        spec: The architecture.
        dataset: What it takes in and puts out.
        auxiliary: Whether to hang on the auxiliary classifier (0.468234 M parameters on CIFAR-10).
    """
    return NasBench301Network(spec, dataset, auxiliary)


def _entry(channels_in: int, channels_out: int, halves: bool) -> nn.Module:
    """Return what brings an input to a cell's width, and to its side if that was just halved."""
    if halves:
        return FactorizedReduce(channels_in, channels_out)
    return ReluConvBn(channels_in, channels_out, 1)


def _build_op(op: str, channels: int, stride: int) -> nn.Module:
    """Return an operation (B, C, H, W) to (B, C, H/stride, W/stride); no BatchNorm is affine."""
    if op == "skip_connect":
        if stride == 1:
            return nn.Identity()
        return FactorizedReduce(channels, channels, affine=False)
    if op.endswith("pool_3x3"):
        pool: nn.Module = nn.MaxPool2d(3, stride, padding=1)
        if op == "avg_pool_3x3":
            pool = nn.AvgPool2d(3, stride, padding=1, count_include_pad=False)
        return nn.Sequential(pool, nn.BatchNorm2d(channels, affine=False))
    kernel_size = int(op[-1])
    if op.startswith("dil"):
        return _separable(channels, kernel_size, stride, dilation=2)
    return nn.Sequential(
        *_separable(channels, kernel_size, stride), *_separable(channels, kernel_size, stride=1)
    )


def _separable(channels: int, kernel_size: int, stride: int, dilation: int = 1) -> nn.Sequential:
    """Return ReLU, a depthwise and a pointwise convolution, BatchNorm."""
    padding = dilation * (kernel_size // 2)
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(
            channels, channels, kernel_size, stride, padding, dilation, groups=channels, bias=False
        ),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.BatchNorm2d(channels, affine=False),
    )

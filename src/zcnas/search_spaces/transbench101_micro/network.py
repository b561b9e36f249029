"""The networks of a TransNAS-Bench-101 cell.

For the Taskonomy tasks: a stem to 64 channels at a quarter of the side, five modules of two cells
each, of which the first, third and fifth double the channels and halve the side, and the task's
head or decoder. For svhn, ninapro and scifar100 NAS-Bench-Suite-Zero uses a smaller network: a
stem that keeps the side, the first three modules, pooling and a linear classifier. The dense tasks
of forged datasets have the small network's encoder and the Taskonomy tasks' decoders.

Reference: Duan et al., CVPR 2021, arXiv:2105.11871, section 3.1; Krishnakumar et al.,
"NAS-Bench-Suite-Zero", NeurIPS 2022, arXiv:2210.03230 (the small network, in NASLib).
"""

from __future__ import annotations

import itertools

from torch import Tensor, nn

from zcnas.benchmarks import Dataset, NetworkSize
from zcnas.search_spaces.blueprints import construct, drawn_later, fresh_copies
from zcnas.search_spaces.four_node_cell import EDGES
from zcnas.search_spaces.layers import FactorizedReduce, FourNodeCell, ReluConvBn, he_init
from zcnas.search_spaces.network import Network
from zcnas.search_spaces.taskonomy import (
    STEM_CHANNELS,
    STEM_STRIDE,
    TaskNetwork,
    classifier,
    stem,
)
from zcnas.search_spaces.transbench101_micro.spec import MACRO, TransBench101MicroSpec

CELLS_PER_MODULE = 2
SMALL_MODULES = MACRO[:3]
PUBLISHED_SIZE = NetworkSize(STEM_CHANNELS, CELLS_PER_MODULE)


class Zero(nn.Module):
    """Zeros that stay connected to the input: (B, C, H, W) to (B, C·s, ⌈H/s⌉, ⌈W/s⌉)."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, features: Tensor) -> Tensor:
        """Return zeros; a reduction doubles the channels as it halves the side."""
        thinned = features[:, :, :: self.stride, :: self.stride] * 0.0
        return thinned.repeat(1, self.stride, 1, 1)


class Cell(FourNodeCell):
    """The cell of a spec: (B, C, H, W) to the same shape, or to (B, 2C, H/2, W/2).

    In a reduction cell the edges that leave the input have stride 2.
    """

    def __init__(
        self, spec: TransBench101MicroSpec, channels: int, reduces: bool, affine_skip: bool
    ) -> None:
        super().__init__(
            construct(_build_op, op, channels, reduces, affine_skip)
            if source == 0
            else construct(_build_op, op, channels * (2 if reduces else 1), False, affine_skip)
            for op, (source, _) in zip(spec.ops, EDGES, strict=True)
        )


class SmallNetwork(Network):
    """The small classification network: images (B, C, H, W) to logits (B, K)."""

    def __init__(self, spec: TransBench101MicroSpec, dataset: Dataset) -> None:
        super().__init__(dataset.num_classes)
        size = dataset.size or PUBLISHED_SIZE
        self.stem = _small_stem(dataset.input_shape[0], size.channels)
        self.cells = _cells(spec, SMALL_MODULES, affine_skip=False, size=size)
        last = _channels_after(SMALL_MODULES, size.channels)
        self.classifier = classifier(last, dataset.num_classes)

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the features (B, 256, H/4, W/4) before pooling."""
        features: Tensor = self.cells(self.stem(images))
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        """Return the logits (B, K)."""
        logits: Tensor = self.classifier(features)
        return logits


def build(spec: TransBench101MicroSpec, dataset: Dataset) -> Network:
    """Return the network of ``spec`` for ``dataset``, freshly initialised, in train mode.

    The encoders of the Taskonomy tasks, and of dense forged ones, start from He's initialisation,
    as published; everything else from PyTorch's defaults.
    """
    if dataset.target == "label":
        return SmallNetwork(spec, dataset)
    size, modules = dataset.size or PUBLISHED_SIZE, SMALL_MODULES if dataset.size else MACRO
    with drawn_later():
        first = _small_stem(dataset.input_shape[0], size.channels) if dataset.size else stem(3)
        encoder = nn.Sequential(first, *_cells(spec, modules, affine_skip=True, size=size))
    he_init(encoder)
    stride = (1 if dataset.size else STEM_STRIDE) * 2 ** modules.count("4")
    return TaskNetwork(encoder, _channels_after(modules, size.channels), stride, dataset)


def _small_stem(channels_in: int, channels: int) -> nn.Sequential:
    """Return the small networks' first layers, which keep the side."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
    )


def _cells(
    spec: TransBench101MicroSpec, modules: str, affine_skip: bool, size: NetworkSize
) -> nn.Sequential:
    """Return the cells of the modules in a row."""
    cells = nn.Sequential()
    channels = size.channels
    reductions = [module == "4" and index == 0 for module in modules for index in range(size.cells)]
    for reduces, run in itertools.groupby(reductions):
        cell = Cell(spec, channels, reduces, affine_skip)
        cells.extend(fresh_copies(cell, len(list(run))))
        channels *= 2 if reduces else 1
    return cells


def _channels_after(modules: str, channels: int) -> int:
    return channels * int(2 ** modules.count("4"))


def _build_op(op: str, channels: int, strided: bool, affine_skip: bool) -> nn.Module:
    """Return the operation of an edge whose source has ``channels`` channels."""
    stride = 2 if strided else 1
    if op == "zero":
        return Zero(stride)
    if op == "identity":
        return FactorizedReduce(channels, 2 * channels, affine_skip) if strided else nn.Identity()
    return ReluConvBn(channels, channels * stride, 1 if op == "conv_1x1" else 3, stride)

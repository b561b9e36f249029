"""The network of a NAS-Bench-101 cell.

A 3×3 convolution to 128 channels; three stacks of three equal cells with 128, 256 and 512 channels,
2×2 max pooling between two stacks; global average pooling and a linear classifier.

In a cell, what leaves the input is projected by a 1×1 convolution, an inner vertex applies its
operation to the sum of its incoming edges, and the output is the concatenation of its incoming
edges, to which a projected input is added if the input is connected to it. ``channels_of_vertices``
says how wide each vertex is.

Reference: Ying et al., ICML 2019, arXiv:1902.09635, sections 2.1 to 2.3 and appendix.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zcnas.benchmarks import Dataset
from zcnas.search_spaces.blueprints import construct, drawn_later, fresh_copies
from zcnas.search_spaces.layers import he_init, three_stages
from zcnas.search_spaces.nasbench101.graph import Matrix
from zcnas.search_spaces.nasbench101.spec import NasBench101Spec
from zcnas.search_spaces.network import Network

STACK_CHANNELS = (128, 256, 512)
CELLS_PER_STACK = 3
BN_MOMENTUM = 0.003
"""PyTorch's momentum for the publication's decay of 0.997."""

CLASSIFIER_STD = 0.01


def channels_of_vertices(matrix: Matrix, channels_in: int, channels_out: int) -> list[int]:
    """Return how many channels leave each vertex.

    The vertices that feed the output share its channels equally; where that leaves a rest, the
    first ones get one channel more. Every other inner vertex is as wide as the widest vertex it
    feeds, and a wider vertex loses its last channel on an edge to a narrower one.

    Args:
        matrix: (V, V), a pruned cell.
        channels_in: Of the input, vertex 0.
        channels_out: Of the output, vertex V - 1.
    """
    last = len(matrix) - 1
    channels = [0] * (last + 1)
    channels[0], channels[last] = channels_in, channels_out
    feeders = [vertex for vertex in range(1, last) if matrix[vertex][last]]
    for rank, vertex in enumerate(feeders):
        share, rest = divmod(channels_out, len(feeders))
        channels[vertex] = share + (rank < rest)
    for vertex in range(last - 1, 0, -1):
        if vertex not in feeders:
            channels[vertex] = max(
                channels[target] for target in range(vertex + 1, last) if matrix[vertex][target]
            )
    return channels


class ConvBnRelu(nn.Sequential):
    """Convolution without bias, BatchNorm, ReLU: (B, C, H, W) to (B, C', H, W)."""

    def __init__(self, channels_in: int, channels_out: int, kernel_size: int) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, kernel_size, padding="same", bias=False),
            nn.BatchNorm2d(channels_out, momentum=BN_MOMENTUM),
            nn.ReLU(),
        )


class Cell(nn.Module):
    """The cell of a spec: (B, C, H, W) to (B, C', H, W)."""

    def __init__(self, spec: NasBench101Spec, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.matrix = spec.matrix
        self.channels = channels_of_vertices(spec.matrix, channels_in, channels_out)
        self.projections = nn.ModuleDict(
            {
                str(target): construct(ConvBnRelu, channels_in, self.channels[target], 1)
                for target, connected in enumerate(spec.matrix[0])
                if connected
            }
        )
        self.ops = nn.ModuleList(
            construct(_build_op, op, width)
            for op, width in zip(spec.ops[1:-1], self.channels[1:-1], strict=True)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the features of the output vertex."""
        last = len(self.matrix) - 1
        values = {0: features}
        for vertex, op in enumerate(self.ops, start=1):
            width = self.channels[vertex]
            incoming = [values[source][:, :width] for source in self._inner_sources(vertex)]
            values[vertex] = op(self._plus_input(incoming, vertex, features))
        feeders = [values[source] for source in self._inner_sources(last)]
        joined = [torch.cat(feeders, dim=1)] if feeders else []
        return self._plus_input(joined, last, features)

    def _inner_sources(self, vertex: int) -> list[int]:
        return [source for source in range(1, vertex) if self.matrix[source][vertex]]

    def _plus_input(self, values: list[Tensor], vertex: int, features: Tensor) -> Tensor:
        """Return the sum of the values and, if there is that edge, of the projected input."""
        if self.matrix[0][vertex]:
            values = [*values, self.projections[str(vertex)](features)]
        total = values[0]
        for value in values[1:]:
            total = total + value
        return total


class NasBench101Network(Network):
    """The NAS-Bench-101 network: images (B, C, H, W) to logits (B, K)."""

    def __init__(self, spec: NasBench101Spec, dataset: Dataset) -> None:
        super().__init__(dataset.num_classes)
        stacks, cells = STACK_CHANNELS, CELLS_PER_STACK
        if dataset.size is not None:
            stacks, cells = three_stages(dataset.size.channels), dataset.size.cells
        channels = stacks[0]
        self.stem = ConvBnRelu(dataset.input_shape[0], channels, 3)
        self.cells = nn.Sequential()
        for stack_channels in stacks:
            repeated = cells
            if stack_channels != channels:
                self.cells.append(nn.MaxPool2d(2))
                self.cells.append(Cell(spec, channels, stack_channels))
                channels, repeated = stack_channels, cells - 1
            if repeated:
                self.cells.extend(fresh_copies(Cell(spec, channels, channels), repeated))
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Linear(channels, dataset.num_classes)

    @property
    def uncounted_pool(self) -> nn.Module:
        """The layer that the published flops leave out: NASLib's network takes a mean instead."""
        return self.pool[0]

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the features (B, 512, H/4, W/4) before pooling."""
        features: Tensor = self.cells(self.stem(images))
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        """Return the logits (B, K)."""
        logits: Tensor = self.classifier(self.pool(features))
        return logits


def build(spec: NasBench101Spec, dataset: Dataset) -> NasBench101Network:
    """Return the network of ``spec`` for ``dataset``, freshly initialised, in train mode.

    Convolutions start from He's initialisation, as published; the classifier's weights from
    N(0, 0.01²), as in the PyTorch port that NASLib uses.
    """
    with drawn_later():
        network = NasBench101Network(spec, dataset)
    he_init(network)
    nn.init.normal_(network.classifier.weight, std=CLASSIFIER_STD)
    nn.init.zeros_(network.classifier.bias)
    return network


def _build_op(op: str, channels: int) -> nn.Module:
    if op == "maxpool3x3":
        return nn.MaxPool2d(3, stride=1, padding=1)
    return ConvBnRelu(channels, channels, 1 if op == "conv1x1-bn-relu" else 3)

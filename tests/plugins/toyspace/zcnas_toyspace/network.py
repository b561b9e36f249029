"""The network of an architecture; imported by the worker alone, because it needs torch."""

from __future__ import annotations

from torch import Tensor, nn

from zcnas.benchmarks import Dataset
from zcnas.search_spaces.network import Network
from zcnas_toyspace.spec import ToySpec


class ToyNetwork(Network):
    """Two convolutions with BatchNorm and ReLU, global pooling and a linear classifier."""

    def __init__(self, spec: ToySpec, dataset: Dataset) -> None:
        super().__init__(dataset.num_classes)
        channels = dataset.input_shape[0]
        self.cells = nn.Sequential()
        for kernel, width in spec.layers:
            self.cells.append(nn.Conv2d(channels, width, kernel, stride=2, padding=kernel // 2))
            self.cells.extend((nn.BatchNorm2d(width), nn.ReLU()))
            channels = width
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Linear(channels, dataset.num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits (B, K)."""
        logits: Tensor = self.classifier(self.pool(self.cells(images)))
        return logits


def build(spec: ToySpec, dataset: Dataset) -> ToyNetwork:
    """Return the network of ``spec`` in train mode, with PyTorch's default initialisation."""
    return ToyNetwork(spec, dataset)

"""SynFlow with every layer's weights scaled to unit length, in the manner of 2022's entries.

Plain SynFlow multiplies the sizes of all layers, so that a network scores high for many or for
large weights. With ‖θ‖₂ = 1 in every layer, what is left is how the paths are joined.
"""

import math

import torch
from torch import nn


class ZeroCostPredictor:
    method_type = "normalised synflow"

    def query(self, graph, dataloader=None):
        inputs, _ = next(iter(dataloader))
        network = graph.double()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.forward = lambda features: features
        layers = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.abs_()
            for layer in layers:
                layer.weight.div_(layer.weight.norm())
        network(torch.ones_like(inputs[:1], dtype=torch.float64)).sum().backward()
        flow = sum((layer.weight * layer.weight.grad).abs().sum().item() for layer in layers)
        return math.log(flow) if flow > 0 else -math.inf

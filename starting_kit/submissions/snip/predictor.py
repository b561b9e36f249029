"""SNIP: how sensitive the loss is to each connection, Σ |θ · ∂L/∂θ|.

Lee, Ajanthan and Torr, "SNIP: Single-Shot Network Pruning Based on Connection Sensitivity", ICLR
2019, arXiv:1810.02340.
"""

from torch import nn


class ZeroCostPredictor:
    method_type = "snip"

    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        graph.get_loss_fn()(graph(inputs), targets).backward()
        layers = [m for m in graph.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
        return sum((layer.weight * layer.weight.grad).abs().sum().item() for layer in layers)

"""The size of the first gradient: Σ ‖∂L/∂θ‖₂ over all convolutions and linear layers.

Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, arXiv:2101.08134.
"""

from torch import nn


class ZeroCostPredictor:
    method_type = "grad_norm"

    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        graph.get_loss_fn()(graph(inputs), targets).backward()
        layers = [m for m in graph.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
        return sum(layer.weight.grad.norm().item() for layer in layers)

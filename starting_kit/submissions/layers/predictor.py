"""The number of layers that can be trained: convolutions and linear layers the output depends on.

As crude as the number of parameters, and like it something that any method has to beat. A layer
that no path leads through to the output has a gradient of zero and does not count.
"""

from torch import nn


class ZeroCostPredictor:
    method_type = "number of trainable layers"

    def query(self, graph, dataloader=None):
        inputs, _ = next(iter(dataloader))
        graph(inputs[:2]).sum().backward()
        layers = [m for m in graph.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
        grads = (layer.weight.grad for layer in layers)
        return sum(grad is not None and grad.any().item() for grad in grads)

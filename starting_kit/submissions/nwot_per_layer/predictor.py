"""NWOT with every ReLU layer counting alike: a wide layer has no more say than a narrow one.

NWOT's kernel K_l counts, for each pair of images, on how many of layer l's d_l units they agree,
so the early layers with their large feature maps decide. Here K = Σ_l K_l / d_l, the sum of the
shares on which they agree; the score is ln |det K|.

A variant of ours of Mellor et al., "Neural Architecture Search without Training", ICML 2021,
arXiv:2006.04647.
"""

import torch
from torch import nn


class ZeroCostPredictor:
    method_type = "nwot per layer"

    def query(self, graph, dataloader=None):
        inputs, _ = next(iter(dataloader))
        kernel = torch.zeros(len(inputs), len(inputs), dtype=torch.float64)

        def add_share(module, args, output):
            signs = (output.flatten(1) > 0).float() * 2 - 1
            kernel.add_((signs @ signs.T) / signs.shape[1] / 2 + 0.5)

        for module in graph.modules():
            if isinstance(module, nn.ReLU):
                module.register_forward_hook(add_share)
        with torch.no_grad():
            graph(inputs)
        return torch.linalg.slogdet(kernel).logabsdet.item()

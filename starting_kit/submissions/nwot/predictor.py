"""NWOT: how differently the ReLUs of an untrained network switch on for different images.

Every image leaves a binary code x ∈ {0, 1}^d: which of the d ReLU units are active. K counts, for
each pair of images, the units on which their codes agree; the score is ln |det K|, large when no
two images look alike to the network.

Mellor et al., "Neural Architecture Search without Training", ICML 2021, arXiv:2006.04647.
"""

import torch
from torch import nn


class ZeroCostPredictor:
    method_type = "nwot"

    def query(self, graph, dataloader=None):
        inputs, _ = next(iter(dataloader))
        kernel = torch.zeros(len(inputs), len(inputs), dtype=torch.float64)

        def add_agreements(module, args, output):
            code = (output.flatten(1) > 0).float()
            both_on = code @ code.T
            on = code.sum(1)
            both_off = code.shape[1] - on[:, None] - on[None, :] + both_on
            kernel.add_(both_on + both_off)

        for module in graph.modules():
            if isinstance(module, nn.ReLU):
                module.register_forward_hook(add_agreements)
        with torch.no_grad():
            graph(inputs)
        return torch.linalg.slogdet(kernel).logabsdet.item()

"""ZiCo: how large a gradient is compared with how much it changes from minibatch to minibatch.

Σ_l ln Σ_w E|g_w| / σ(g_w) over convolutions and linear layers: mean size and standard deviation of
a weight's gradient over two minibatches. Weights whose gradient is the same in both are left out.

Li et al., "ZiCo: Zero-shot NAS via Inverse Coefficient of Variation on Gradients", ICLR 2023,
arXiv:2301.11300.
"""

from itertools import islice

import torch
from torch import nn


class ZeroCostPredictor:
    method_type = "zico"

    def query(self, graph, dataloader=None):
        layers = [m for m in graph.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
        gradients = {layer: [] for layer in layers}
        for inputs, targets in islice(dataloader, 2):
            graph.zero_grad()
            graph.get_loss_fn()(graph(inputs), targets).backward()
            for layer in layers:
                if layer.weight.grad is not None:
                    gradients[layer].append(layer.weight.grad.clone())
        score = 0.0
        for grads in filter(None, gradients.values()):
            stacked = torch.stack(grads)
            size, deviation = stacked.abs().mean(0), stacked.std(0, correction=0)
            ratios = (size / deviation)[deviation > 0].sum()
            score += ratios.log().item() if ratios > 0 else 0.0
        return score

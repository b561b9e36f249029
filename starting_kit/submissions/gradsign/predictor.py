"""GradSign: how often the gradients of single images agree in their sign.

Σ_w |Σ_n sign(∂L_n/∂w)| over the weights of convolutions and linear layers, L_n the loss of image n
alone. A weight whose gradient has one sign for all B images adds B. The paper bounds the training
error by it; public code takes the mean over the weights instead of the sum.

Zhang and Jia, "GradSign: Model Performance Inference with Theoretical Insights", ICLR 2022,
arXiv:2110.08616.
"""

import torch
from torch import nn


class ZeroCostPredictor:
    method_type = "gradsign"

    def query(self, graph, dataloader=None):
        inputs, targets = next(iter(dataloader))
        weights = [m.weight for m in graph.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
        agreement = [torch.zeros_like(weight) for weight in weights]
        loss_of = graph.get_loss_fn()
        for image, target in zip(inputs.split(1), targets.split(1), strict=True):
            loss = loss_of(graph(image), target)
            for total, grad in zip(
                agreement, torch.autograd.grad(loss, weights, allow_unused=True), strict=True
            ):
                if grad is not None:
                    total += grad.sign()
        return sum(total.abs().sum().item() for total in agreement)

"""synflow: how much signal flows through the weights, whatever the data.

    BatchNorm bypassed, every parameter replaced by its absolute value, input all ones,
    R = Σ outputs:
    score = ln Σ_l Σ |θ_l⊙∂R/∂θ_l|

Higher is better. θ_l are the weights of convolutions and linear layers. Needs neither images nor
labels: defined for every task. On a chain without biases every layer's sum is R, and parallel
paths share R across every cut.

The sum reaches 10⁶¹ and overflows float32, so everything runs in float64 on one image, and the
score is the natural logarithm (as in NASLib's column); the ranking is that of the sum. Biases stay
in, as absolute values, as in public code.

Edge cases: R = 0 (a cell without a path) gives −Inf, an overflow of float64 +Inf; both are scores.

Reference: Tanaka et al., "Pruning Neural Networks without Any Data by Iteratively Conserving
Synaptic Flow", NeurIPS 2020, arXiv:2006.05467; as a proxy Abdelfattah et al., ICLR 2021,
arXiv:2101.08134.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from zcnas.proxies.interpreter import Interpreter, Op, layers_of, layout_of
from zcnas.proxies.proxy import Proxy
from zcnas.proxies.reductions import absolute_dot


class LinearisedForward(Interpreter):
    """Runs layers with the absolute values of weights and biases, and BatchNorm not at all."""

    def layer(
        self, op: Op, features: Tensor, weight: Tensor, bias: Tensor | None = None, *options: Any,
        **named_options: Any,
    ) -> Tensor:  # fmt: skip
        """Return the answer of a layer with a bias of |b|."""
        bias = None if bias is None else bias.detach().double().abs()
        return super().layer(op, features, weight, bias, *options, **named_options)

    def transposed_layer(
        self, op: Op, features: Tensor, weight: Tensor, bias: Tensor | None = None, *options: Any
    ) -> Tensor:
        """Return the answer of a transposed convolution with |w| and |b|."""
        weight = weight.detach().double().abs()
        bias = None if bias is None else bias.detach().double().abs()
        return super().transposed_layer(op, features, weight, bias, *options)

    def batch_norm(self, op: Op, features: Tensor, *args: Any, **options: Any) -> Tensor:
        """Return the features as they are."""
        return features


class Synflow(Proxy):
    """Runs its own forward and backward, on one image of ones."""

    def value(self) -> float:
        """Return ln Σ |θ⊙∂R/∂θ|."""
        weights = {
            key: weight.double().abs().requires_grad_()
            for key, weight in layers_of(self.network).items()
        }
        leaves = list(weights.values())
        shape = (1, *self.inputs.shape[1:])
        ones = torch.ones(shape, dtype=torch.float64, device=self.inputs.device)
        ones = ones.contiguous(memory_format=layout_of(ones))
        with LinearisedForward(weights):
            flow = self.network(ones).sum()
        total = 0.0
        if flow.requires_grad:
            gradients = torch.autograd.grad(flow, leaves, materialize_grads=True)
            total = absolute_dot(leaves, gradients)
        return math.log(total) if total > 0 else float("-inf") if total == 0 else total


score = Synflow.score

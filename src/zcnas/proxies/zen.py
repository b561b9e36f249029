"""zen: how strongly the features of a random network react to its input.

    weights ~ N(0, 1), biases 0, BatchNorm γ = 1 and β = 0; x, ε ~ N(0, 1) of the batch's shape; f
    = features before global average pooling: score = ln mean_n Σ |f(x) − f(x + 0.01 ε)|_n + Σ_BN ½
    ln(mean_c v_c)

Higher is better. Needs neither images nor labels: defined for every task; where no global average
pooling exists (dense tasks) f is the network's output. v is the variance that BatchNorm divides
by; its logarithm undoes the normalisation.

The paper takes the Frobenius norm and the variance σ² of the batch. Public code takes the L1 norm
and reads v from BatchNorm's running average after both passes, 0.81 + 0.09 σ²(x) + 0.1 σ²(x + 0.01
ε). Ours follows public code in both: with σ² itself every layer behind zeros (a cell with dead
edges) would put the score at −Inf, and the published figures carry it.

Draws come from a generator of its own that starts in the state of torch's global one, which is not
advanced: seed it for a repeatable score.

Edge cases: features that do not depend on the input give −Inf; an overflow +Inf.

Reference: Lin et al., "Zen-NAS: A Zero-Shot NAS for High-Performance Image Recognition", ICCV
2021, arXiv:2102.01063.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from zcnas.proxies import exact_ops
from zcnas.proxies.interpreter import Interpreter, Op, layers_of, layout_of
from zcnas.proxies.proxy import Proxy

PERTURBATION = 0.01
MOMENTUM = 0.1


class RandomForward(Interpreter):
    """Runs layers without bias and BatchNorm without affine part; keeps variances and the features.

    Attributes:
        variances: σ² (C,) of every BatchNorm call, unbiased, in order.
        features: What global average pooling was applied to last, (B, C, H, W).
    """

    def __init__(self, weights: Mapping[int, Tensor]) -> None:
        super().__init__(weights)
        self.variances: list[Tensor] = []
        self.features: Tensor | None = None

    def layer(
        self, op: Op, features: Tensor, weight: Tensor, bias: Tensor | None = None, *options: Any,
        **named_options: Any,
    ) -> Tensor:  # fmt: skip
        """Return the answer of a layer without its bias."""
        return super().layer(op, features, weight, None, *options, **named_options)

    def batch_norm(self, op: Op, features: Tensor, *args: Any, **options: Any) -> Tensor:
        """Return the normalised features; known zeros have no variance."""
        if exact_ops.is_zero(features):
            self.variances.append(features.new_zeros(features.shape[1]))
            return features
        return super().batch_norm(op, features, *args, **options)

    def normalise(
        self, features: Tensor, affine: Tensor | None, shift: Tensor | None, eps: float
    ) -> Tensor:
        """Return the normalised features, neither scaled nor shifted; keep the variance."""
        normalised: Tensor
        normalised, _, inverse_std = exact_ops.BatchNorm.apply(features, None, None, eps)  # type: ignore[no-untyped-call]
        count = features.numel() // features.shape[1]
        biased = (inverse_std**-2 - eps).clamp(min=0.0)
        self.variances.append(biased * (count / max(count - 1, 1)))
        return normalised

    def pool(self, op: Op, features: Tensor, *args: Any, **options: Any) -> Tensor:
        """Pool; remember what a global pooling is applied to."""
        pooled = super().pool(op, features, *args, **options)
        if pooled.shape[-2:] == (1, 1):
            self.features = features
        return pooled


class Zen(Proxy):
    """Runs two forward passes of its own, with random weights."""

    def value(self) -> float:
        """Return ln mean |f(x) − f(x + 0.01 ε)| + Σ_BN ½ ln(mean_c v_c).

        All draws are made on the CPU, so they are the same for a network on any device.
        """
        generator = torch.Generator("cpu")
        generator.set_state(torch.get_rng_state())
        weights = {
            key: _normal(weight, generator) for key, weight in layers_of(self.network).items()
        }
        images = _normal(self.inputs, generator, memory_format=layout_of(self.inputs))
        noise = _normal(images, generator)
        with torch.no_grad():
            first, before = self._features(weights, images)
            second, after = self._features(weights, images + PERTURBATION * noise)
        distance = (first - second).abs().flatten(1).sum(dim=1).double().mean().item()
        rescaled = 0.0
        for one, other in zip(before, after, strict=True):
            running = (1 - MOMENTUM) * ((1 - MOMENTUM) + MOMENTUM * one) + MOMENTUM * other
            rescaled += 0.5 * math.log(running.double().mean().item())
        return (math.log(distance) if distance > 0 else float("-inf")) + rescaled

    def _features(
        self, weights: Mapping[int, Tensor], images: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        with RandomForward(weights) as forward:
            outputs = self.network(images)
        features = outputs if forward.features is None else forward.features
        return features, forward.variances


def _normal(like: Tensor, generator: torch.Generator, **options: Any) -> Tensor:
    """Return standard normal numbers in the shape, dtype and layout of a tensor, on its device."""
    drawn = torch.empty_like(like, device="cpu", **options).normal_(generator=generator)
    return drawn.to(like.device)


score = Zen.score

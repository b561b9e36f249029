"""fisher: the expected change of the loss if an output channel is removed.

    Δ_c = ½ mean_n (Σ_hw a_nchw · ∂L/∂a_nchw)²;  score = Σ_l Σ_c Δ_c × fan-in_l

a is the output of a convolution or linear layer (before BatchNorm), c its channel, fan-in the
number of weights per output channel (C/groups × kernel area, or the input features of a linear
layer). Higher is better. Defined for every task that has a loss, which is a batch mean, so Δ falls
as 1/B².

The paper has no fan-in: public code broadcasts Δ_c to all weights of the channel before it sums.
Published figures carry the factor, and so does ours, to be comparable; it favours wide layers. A
layer that runs several times in one forward sums its Δ_c.

Edge cases: layers that the loss does not see count 0; a dead network scores 0; an overflow is
+Inf.

Reference: Theis et al., "Faster Gaze Prediction with Dense Networks and Fisher Pruning", 2018,
arXiv:1801.05787; Turner et al., "BlockSwap", ICLR 2020, arXiv:1906.04113; as a proxy Abdelfattah
et al., ICLR 2021, arXiv:2101.08134.
"""

from __future__ import annotations

import torch
from torch import Tensor

from zcnas.proxies.proxy import Proxy


class Fisher(Proxy):
    """Reduces each layer's answer with its gradient, as soon as that exists."""

    total = 0.0

    def layer_gradient(self, weight: Tensor, answer: Tensor, gradient: Tensor) -> None:
        """Add Σ_c Δ_c × fan-in of one layer."""
        per_sample = answer * gradient  # (B, C', H', W') or (B, K)
        if per_sample.dim() == 4:
            per_sample = per_sample.sum((2, 3))
        delta = 0.5 * per_sample.square().mean(dim=0).sum(dtype=torch.float64)
        self.total += delta.item() * weight[0].numel()

    def value(self) -> float:
        """Return Σ_l Σ_c Δ_c × fan-in_l."""
        return self.total


score = Fisher.score

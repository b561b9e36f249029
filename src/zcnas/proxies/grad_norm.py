"""grad_norm: how steep the loss is in the weights.

    score = Σ_l ‖g_l‖₂,  g_l = ∂L/∂θ_l

L is the mean training loss of one minibatch in train mode, θ_l the weights of the convolutions and
linear layers. Higher is better. Defined for every task that has a loss. Paper and public code
agree; public code clips nothing here.

Edge cases: layers that the loss does not see count 0; a dead network scores 0; an overflow is
+Inf.

Reference: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021,
arXiv:2101.08134.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from zcnas.proxies.proxy import Proxy
from zcnas.proxies.reductions import sum_of_norms


class GradNorm(Proxy):
    """Reduces the gradients of the loss."""

    def weight_gradients(self, weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
        """Keep the sum."""
        self.total = sum_of_norms(gradients)

    def value(self) -> float:
        """Return Σ_l ‖g_l‖₂."""
        return self.total


score = GradNorm.score

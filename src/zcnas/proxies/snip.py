"""snip: the connection sensitivity of single-shot pruning.

    score = Σ_l Σ |θ_l⊙g_l|,  g_l = ∂L/∂θ_l

Higher is better. Defined for every task that has a loss.

The pruning paper divides by the total to compare connections within a network; as a score of a
network that would always be 1, so the normalisation is not applied (the choice of Abdelfattah et
al. as well). Public code differentiates to a mask of ones on the weights, which is θ⊙g.

Edge cases: layers that the loss does not see count 0; a dead network scores 0; an overflow is
+Inf.

Reference: Lee, Ajanthan and Torr, "SNIP: Single-Shot Network Pruning Based on Connection
Sensitivity", ICLR 2019, arXiv:1810.02340; as a proxy Abdelfattah et al., ICLR 2021,
arXiv:2101.08134.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from zcnas.proxies.proxy import Proxy
from zcnas.proxies.reductions import absolute_dot


class Snip(Proxy):
    """Reduces the gradients of the loss."""

    def weight_gradients(self, weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
        """Keep the sum."""
        self.total = absolute_dot(weights, gradients)

    def value(self) -> float:
        """Return Σ_l Σ |θ_l⊙g_l|."""
        return self.total


score = Snip.score

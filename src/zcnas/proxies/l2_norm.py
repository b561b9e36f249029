"""l2_norm: how large the weights are.

    score = Σ_l ‖θ_l‖₂

θ_l are the weights of the convolutions and linear layers, without biases and BatchNorm. Higher is
better. Defined for every task; independent of data. The norms are not squared, as in the paper and
in public code.

Edge cases: a dead network scores like any other, since only its weights are looked at; an overflow
is +Inf.

Reference: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021,
arXiv:2101.08134.
"""

from __future__ import annotations

from zcnas.proxies.interpreter import layers_of
from zcnas.proxies.proxy import Proxy
from zcnas.proxies.reductions import sum_of_norms


class L2Norm(Proxy):
    """Sums norms; needs no pass."""

    def value(self) -> float:
        """Return Σ_l ‖θ_l‖₂."""
        return sum_of_norms(list(layers_of(self.network).values()))


score = L2Norm.score

"""grasp: how much pruning nothing preserves the flow of gradients.

    score = −Σ_l Σ θ_l⊙(Hḡ)_l,  ḡ = g held constant,  Hḡ = ∂(ḡᵀg)/∂θ

H is the Hessian of the minibatch loss over the weights of convolutions and linear layers. Higher
is better. Defined for every task that has a loss, temperature 1, one minibatch.

Computed without a gradient of a gradient: with p(θ) = Σ_l θ_l·g_l, ∇p = g + Hθ, and so

    score = ‖g‖² − gᵀ∇p,

which is exact, BatchNorm's ε included; ``passes`` says how p comes as a scalar. The terms are
large and cancel: in float32 expect four to five digits.

The pruning paper keeps the weights with the *largest* −θ⊙Hg out; public code (Abdelfattah et al.)
sums −θ⊙Hg and takes higher = better, and so do we. Public code sums over two halves of a batch
with temperature 1 only if asked to.

Edge cases: a dead network scores 0.

Reference: Wang, Zhang and Grosse, "Picking Winning Tickets Before Training by Preserving Gradient
Flow", ICLR 2020, arXiv:2002.07376; as a proxy Abdelfattah et al., ICLR 2021, arXiv:2101.08134.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from zcnas.proxies.proxy import Proxy
from zcnas.proxies.reductions import dot


class Grasp(Proxy):
    """Reduces the gradients of the loss and those of Σθ⊙g."""

    def gradients_of_plain(self, gradients: Sequence[Tensor], slopes: Sequence[Tensor]) -> None:
        """Keep ‖g‖² − gᵀ∇p."""
        self.total = dot(gradients, gradients) - dot(gradients, slopes)

    def value(self) -> float:
        """Return −Σ θ⊙Hg."""
        return self.total


score = Grasp.score

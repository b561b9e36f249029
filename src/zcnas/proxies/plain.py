"""plain: the first-order change of the loss if the weights are removed, with its sign.

    score = Σ_l Σ θ_l⊙g_l,  g_l = ∂L/∂θ_l

Taken as higher = better, as published, although the sign carries little. A convolution that feeds
a train-mode BatchNorm contributes 0 (up to BatchNorm's ε), since scaling it changes nothing: the
score is the sum over the weights that no BatchNorm rescales, a small number that cancels; in
float32 its last digits are noise. Defined for every task with a loss.

Public code agrees with the formula (its docstrings say "synaptic saliency without absolute
value").

Edge cases: layers that the loss does not see count 0; a dead network scores 0.

Reference: Mozer and Smolensky, "Skeletonization", NIPS 1988; as a proxy Abdelfattah et al., ICLR
2021, arXiv:2101.08134.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from zcnas.proxies.proxy import Proxy
from zcnas.proxies.reductions import dot


class Plain(Proxy):
    """Reduces the gradients of the loss."""

    def weight_gradients(self, weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
        """Keep the sum."""
        self.total = dot(weights, gradients)

    def value(self) -> float:
        """Return Σ_l Σ θ_l⊙g_l."""
        return self.total


score = Plain.score

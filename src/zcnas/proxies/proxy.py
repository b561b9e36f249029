"""What a proxy is: a listener to the passes of a network, and a number in the end.

A proxy overrides the events it needs and reduces at once what they deliver. Which passes run
follows from which events the asked-for proxies override (``passes``); no proxy is known by name
there. What a proxy needs beyond the shared passes it computes in ``value``. Dimension letters: B
batch, C channels, H W image, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from zcnas.proxies.interpreter import Op
from zcnas.proxies.passes import run


class Proxy:
    """Base of all proxies. An event that is not overridden costs nothing.

    Attributes:
        network: In train mode while events arrive and ``value`` runs; its own tensors must not be
        written. inputs: (B, C, H, W). targets: (B,) labels, or what the loss of the task takes.
    """

    def __init__(self, network: nn.Module, inputs: Tensor, targets: Tensor) -> None:
        self.network = network
        self.inputs = inputs
        self.targets = targets

    def operation(self, op: Op, features: Tensor, weight: Tensor | None, answer: Tensor) -> None:
        """Forward: a layer, BatchNorm, ReLU or pooling turned ``features`` into ``answer``."""

    def relu(self, rectified: Tensor) -> None:
        """Forward: a ReLU answered with this (B, …), the same object if it was computed before."""

    def layer_gradient(self, weight: Tensor, answer: Tensor, gradient: Tensor) -> None:
        """Loss backward: a layer's answer a and ∂L/∂a, both (B, C', H', W') or (B, K)."""

    def weight_gradients(self, weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
        """Loss backward: every θ_l with its g_l = ∂L/∂θ_l, zero where the loss does not see it."""

    def gradients_of_plain(self, gradients: Sequence[Tensor], slopes: Sequence[Tensor]) -> None:
        """Second order: every g_l with ∂(Σ_m θ_m·g_m)/∂θ_l = g_l + (Hθ)_l."""

    def correlations(self, matrix: Tensor) -> None:
        """Input backward: correlations (B, B) of J_n = ∂(Σ_k z_k)/∂x_n, n in the batch, float64."""

    def value(self) -> float:
        """Return the score, higher = better, after all events have arrived."""
        raise NotImplementedError

    @classmethod
    def score(cls, network: nn.Module, inputs: Tensor, targets: Tensor) -> float:
        """Return the score of one network by this proxy alone; higher = better.

        Formula, direction and edge cases stand in the proxy's module.

        Args:
            network: Left as found: weights, mode, gradients, hooks, buffers and RNG state.
            inputs: (B, C, H, W), B ≥ 2, in the dtype of the network.
            targets: (B,) labels, or what the loss of the network takes; a proxy without a loss
                does not look at them.

        Raises:
            ProxyError: The network has no convolution, the minibatch is malformed, or the proxy
                is not defined for this task.
        """
        return run({"": cls}, network, inputs, targets)[""]

    def listens_to(self, event: str) -> bool:
        """Return whether this proxy overrides an event."""
        return getattr(type(self), event) is not getattr(Proxy, event)

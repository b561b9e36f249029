"""The shared passes: one run through a network that feeds any set of proxies.

In order, each only if some proxy listens to it:

1. forward in train mode, channels_last, with the derivative along the weights if GraSP is there
   (see below);
2. backward of the loss to the weights;
3. backward of Σz to the input;
4. backward of Σ_l θ_l·g_l to the weights.

The fourth is what GraSP needs. With p(θ) = Σ_l θ_l·g_l (the proxy ``plain``), ∇p = g + Hθ, hence Σ
θ⊙Hḡ = ḡᵀHθ = ḡᵀ∇p − ‖g‖². And p is the derivative of L when all weights are scaled by 1 + τ, so a
forward pass that carries dz/dτ beside z gives p = ∂L/∂z · dz/dτ as a scalar that one ordinary
backward differentiates: no gradient of a gradient is built. A layer's answer y is linear in its
weight, so dy/dτ is y itself (without its bias) plus the layer applied to the derivative of its
input. Where BatchNorm follows, y's own share is cancelled but for ε: this is what makes ``plain``
a sum over the few weights that no BatchNorm rescales. Nothing is dropped here, ε included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zcnas.proxies import exact_ops
from zcnas.proxies.checks import check_minibatch, check_network, loss_of
from zcnas.proxies.duals import dual_level, make_dual, split_dual
from zcnas.proxies.interpreter import Interpreter, Op, as_found, layers_of, theta_ids
from zcnas.proxies.proxy import Proxy, listeners


class SharedForward(Interpreter):
    """The forward pass: tells the proxies what happens and prepares the backward passes."""

    def __init__(
        self, weights: Mapping[int, Tensor], proxies: Sequence[Proxy], along_weights: bool
    ) -> None:
        super().__init__(weights)
        self.operation_listeners = listeners(proxies, "operation")
        self.relu_listeners = listeners(proxies, "relu")
        self.gradient_listeners = listeners(proxies, "layer_gradient")
        self.along_weights = along_weights
        self.in_loss_backward = False

    def layer(
        self, op: Op, features: Tensor, weight: Tensor, bias: Tensor | None = None, *options: Any,
        **named_options: Any,
    ) -> Tensor:  # fmt: skip
        """Run a layer; hook its gradient; add what scaling its weight adds to the derivative."""
        answer = super().layer(op, features, weight, bias, *options, **named_options)
        self._tell(op, features, weight, answer)
        if exact_ops.is_zero(answer) or id(weight) not in self.weights:
            return answer
        if self.gradient_listeners:
            self._hook(weight, answer)
        return _scaled_with_weight(answer, bias) if self.along_weights else answer

    def relu(self, op: Op, features: Tensor, inplace: bool = False) -> Tensor:
        """Rectify and tell."""
        rectified = super().relu(op, features, inplace)
        self._tell(op, features, None, rectified)
        for proxy in self.relu_listeners:
            proxy.relu(rectified)
        return rectified

    def pool(self, op: Op, features: Tensor, *args: Any, **options: Any) -> Tensor:
        """Pool and tell."""
        pooled = super().pool(op, features, *args, **options)
        self._tell(op, features, None, pooled)
        return pooled

    def transposed_layer(self, op: Op, features: Tensor, weight: Tensor, *args: Any) -> Tensor:
        """Run a transposed convolution and tell."""
        answer = super().transposed_layer(op, features, weight.detach(), *args)
        self._tell(op, features, weight, answer)
        return answer

    def batch_norm(self, op: Op, features: Tensor, *args: Any, **options: Any) -> Tensor:
        """Normalise and tell."""
        normalised = super().batch_norm(op, features, *args, **options)
        self._tell(op, features, None, normalised)
        return normalised

    def normalise(
        self, features: Tensor, affine: Tensor | None, shift: Tensor | None, eps: float
    ) -> Tensor:
        """Normalise by the batch, and take the derivative along if there is one."""
        if not self.along_weights:
            return super().normalise(features, affine, shift, eps)
        features, tangent = split_dual(features)
        normalised, mean, inverse_std = torch.native_batch_norm(
            features, affine, shift, None, None, True, 0.0, eps
        )
        if tangent is None:
            return normalised
        scale = torch.ones_like(mean) if affine is None else affine
        derivative = exact_ops.BatchNormTangent.apply(  # type: ignore[no-untyped-call]
            features, tangent, scale, mean, inverse_std
        )
        return make_dual(normalised, derivative)

    def _tell(self, op: Op, features: Tensor, weight: Tensor | None, answer: Tensor) -> None:
        for proxy in self.operation_listeners:
            proxy.operation(op, features, weight, answer)

    def _hook(self, weight: Tensor, answer: Tensor) -> None:
        kept = split_dual(answer)[0].detach() if self.along_weights else answer.detach()

        def reduce(gradient: Tensor) -> None:
            if self.in_loss_backward:
                for proxy in self.gradient_listeners:
                    proxy.layer_gradient(weight, kept, gradient)

        answer.register_hook(reduce)  # type: ignore[no-untyped-call]


def run(
    proxies: Mapping[str, type[Proxy]], network: nn.Module, inputs: Tensor, targets: Tensor
) -> dict[str, float]:
    """Return the value of each proxy, from passes they share.

    Args:
        proxies: The classes to evaluate, by name.
        network: Left as found: weights, mode, gradients, hooks, buffers and RNG state.
        inputs: (B, C, H, W), B ≥ 2, in the dtype of the network.
        targets: (B,) labels, or what the loss of the network takes.

    Raises:
        ProxyError: The network, the minibatch or the task is nothing a proxy is defined for.
    """
    check_network(network)
    check_minibatch(network, inputs, targets)
    with torch.inference_mode(False), torch.enable_grad(), as_found(network):
        instances = [proxy(network, inputs, targets) for proxy in proxies.values()]
        _run_passes(instances, network, inputs, targets)
        return {name: proxy.value() for name, proxy in zip(proxies, instances, strict=True)}


def _run_passes(
    proxies: Sequence[Proxy], network: nn.Module, inputs: Tensor, targets: Tensor
) -> None:
    second_order = listeners(proxies, "gradients_of_plain")
    want_jacobian = listeners(proxies, "correlations")
    want_gradients = listeners(proxies, "weight_gradients")
    want_loss = bool(want_gradients or second_order or listeners(proxies, "layer_gradient"))
    want_backward = want_loss or bool(want_jacobian)
    if not (want_backward or listeners(proxies, "operation") or listeners(proxies, "relu")):
        return
    images = inputs.detach().clone(
        memory_format=torch.channels_last if inputs.dim() == 4 else torch.contiguous_format
    )
    images.requires_grad_(bool(want_jacobian))
    leaves = [weight.requires_grad_(want_loss) for weight in layers_of(network)]
    forward = SharedForward(
        dict(zip(theta_ids(network), leaves, strict=True)), proxies, bool(second_order)
    )
    with torch.set_grad_enabled(want_backward), dual_level(), forward:
        outputs, along = split_dual(network(images))
    # The level is closed before any backward, which would carry derivatives along as well.
    if want_loss:
        output_gradient = _output_gradient(network, outputs, targets)
        forward.in_loss_backward = True
        gradients = _gradients(
            outputs, leaves, output_gradient.detach(), retain=bool(want_jacobian or second_order)
        )
        forward.in_loss_backward = False
        for proxy in want_gradients:
            proxy.weight_gradients(leaves, gradients)
    if want_jacobian:
        (jacobian,) = _gradients(
            outputs, [images], torch.ones_like(outputs), retain=bool(second_order)
        )
        matrix = correlation_matrix(jacobian)
        for proxy in want_jacobian:
            proxy.correlations(matrix)
    if second_order:
        slopes = [torch.zeros_like(leaf) for leaf in leaves]
        if along is not None:
            plain = (output_gradient * along).sum()
            slopes = _gradients(plain, leaves)
        for proxy in second_order:
            proxy.gradients_of_plain(gradients, slopes)


def _output_gradient(network: nn.Module, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return ∂L/∂z as a differentiable function of z."""
    with torch.enable_grad():
        logits = outputs if outputs.requires_grad else outputs.detach().requires_grad_()
        loss = loss_of(network, logits, targets)
        (gradient,) = torch.autograd.grad(loss, [logits], create_graph=True, materialize_grads=True)
    return gradient


def _gradients(
    outputs: Tensor,
    leaves: Sequence[Tensor],
    output_gradient: Tensor | None = None,
    retain: bool = False,
) -> list[Tensor]:
    """Return the gradients of ``outputs`` to ``leaves``, zero where there is no path."""
    if not outputs.requires_grad:
        return [torch.zeros_like(leaf) for leaf in leaves]
    return list(
        torch.autograd.grad(
            outputs, leaves, output_gradient, retain_graph=retain, materialize_grads=True
        )
    )


def correlation_matrix(jacobian: Tensor) -> Tensor:
    """Return the Pearson correlations (B, B) of the flattened rows of ``jacobian``, float64.

    A constant row, as of a network that does not see its input, has no correlation: two constant
    rows count as equal (1), a constant and any other as unrelated (0).
    """
    rows = jacobian.detach().flatten(1).double()
    rows = rows - rows.mean(dim=1, keepdim=True)
    norms = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    constant = norms == 0
    rows = rows / torch.where(constant, 1.0, norms)
    matrix: Tensor = rows @ rows.T + (constant & constant.T)
    return matrix.clamp(-1.0, 1.0)


def _scaled_with_weight(answer: Tensor, bias: Tensor | None) -> Tensor:
    """Add what scaling the layer's weight contributes to the derivative: the answer less bias."""
    plain, tangent = split_dual(answer)
    share = plain
    if bias is not None:
        share = plain - bias.view(-1, *[1] * (plain.dim() - 2))
    return make_dual(plain, share if tangent is None else tangent + share)


def score_alone(proxy: type[Proxy], network: nn.Module, inputs: Tensor, targets: Tensor) -> float:
    """Return the value of one proxy; see ``run``."""
    return run({"": proxy}, network, inputs, targets)[""]

"""The shared passes: one run through a network that feeds any set of proxies.

In order, each only if some proxy listens to it:

1. forward in train mode, channels_last, with the derivative along the weights if GraSP is there
   (see below);
2. backward of Σz to the input;
3. backward of the loss to the weights, or, if GraSP is there, of p = Σ_l θ_l·g_l, which gives the
   gradients of the loss as well.

What GraSP needs follows from p (the proxy ``plain``): ∇p = g + Hθ, hence Σ θ⊙Hḡ = ḡᵀHθ = ḡᵀ∇p −
‖g‖². And p is the derivative of L when all weights are scaled by 1 + τ, so a forward pass that
carries dz/dτ beside z gives p = ∂L/∂z · dz/dτ as a scalar that one ordinary backward
differentiates: no gradient of a gradient is built. A layer's answer y is linear in its weight, so
dy/dτ is y itself (without its bias) plus the layer applied to the derivative of its input. Where
BatchNorm follows, y's own share is cancelled but for ε: this is what makes ``plain`` a sum over the
few weights that no BatchNorm rescales. Nothing is dropped here, ε included.

Since p is linear in the derivatives dy/dτ, and L depends on y as p on dy/dτ, its backward arrives
at dy/dτ with ∂p/∂(dy/dτ) = ∂L/∂y: the loss needs no backward of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from zcnas.proxies import exact_ops
from zcnas.proxies.checks import check_minibatch, check_network, loss_of
from zcnas.proxies.duals import dual_level, make_dual, split_dual
from zcnas.proxies.interpreter import Interpreter, Op, as_found, layers_of, layout_of

if TYPE_CHECKING:
    from zcnas.proxies.proxy import Proxy


class SharedForward(Interpreter):
    """The forward pass: tells the proxies what happens and prepares the backward passes.

    Attributes:
        gradients: g_l of every weight by the id of the network's own, if the derivative along the
            weights is carried; complete after the backward of p.
    """

    def __init__(
        self, weights: Mapping[int, Tensor], proxies: Sequence[Proxy], along_weights: bool
    ) -> None:
        super().__init__(weights)
        self.operation_listeners = listeners(proxies, "operation")
        self.relu_listeners = listeners(proxies, "relu")
        self.gradient_listeners = listeners(proxies, "layer_gradient")
        self.along_weights = along_weights
        self.gradients = (
            {key: torch.zeros_like(weight) for key, weight in weights.items()}
            if along_weights
            else {}
        )
        self.in_loss_backward = False

    def layer(
        self, op: Op, features: Tensor, weight: Tensor, bias: Tensor | None = None, *options: Any,
        **named_options: Any,
    ) -> Tensor:  # fmt: skip
        """Run a layer; prepare for its gradient; add what scaling its weight adds to dy/dτ."""
        leaf = self.weights.get(id(weight))
        own = leaf.view_as(leaf) if leaf is not None and self.along_weights else leaf
        answer = super().layer(
            op, features, weight if own is None else own, bias, *options, **named_options
        )
        self._tell(op, features, weight, answer)
        if exact_ops.is_zero(answer) or own is None:
            return answer
        if self.along_weights:
            return self._scale_with_weight(answer, bias, weight, own)
        if self.gradient_listeners:
            kept = answer.detach()
            answer.register_hook(  # type: ignore[no-untyped-call]
                lambda gradient: self._reduce(weight, kept, gradient)
            )
        return answer

    def _scale_with_weight(
        self, answer: Tensor, bias: Tensor | None, weight: Tensor, own: Tensor
    ) -> Tensor:
        """Add what scaling the layer's weight contributes to dy/dτ: the answer less its bias."""
        answer, tangent = split_dual(answer)
        share = answer
        if bias is not None:
            share = answer - bias.view(-1, *[1] * (answer.dim() - 2))
        # Its gradient is not that of ``answer``, so without a tangent it is a tensor of its own.
        along = share.view_as(share) if tangent is None else tangent + share

        def receive(gradient: Tensor) -> None:
            self._reduce(weight, answer.detach(), gradient)
            self.gradients[id(weight)] += torch.autograd.grad(
                answer, [own], gradient, retain_graph=True
            )[0]

        along.register_hook(receive)  # type: ignore[no-untyped-call]
        return make_dual(answer, along)

    def _reduce(self, weight: Tensor, answer: Tensor, gradient: Tensor) -> None:
        if self.in_loss_backward:
            for proxy in self.gradient_listeners:
                proxy.layer_gradient(weight, answer, gradient)

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
        normalised, mean, inverse_std = exact_ops.BatchNorm.apply(features, affine, shift, eps)  # type: ignore[no-untyped-call]
        if tangent is None:
            return normalised  # type: ignore[no-any-return]
        scale = torch.ones_like(mean) if affine is None else affine
        derivative = exact_ops.BatchNormTangent.apply(  # type: ignore[no-untyped-call]
            features, tangent, scale, mean, inverse_std
        )
        return make_dual(normalised, derivative)

    def _tell(self, op: Op, features: Tensor, weight: Tensor | None, answer: Tensor) -> None:
        for proxy in self.operation_listeners:
            proxy.operation(op, features, weight, answer)


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
    images = inputs.detach().clone(memory_format=layout_of(inputs))
    images.requires_grad_(bool(want_jacobian))
    weights = layers_of(network)
    leaves = [weight.requires_grad_(want_loss) for weight in weights.values()]
    forward = SharedForward(weights, proxies, bool(second_order))
    with torch.set_grad_enabled(want_backward), dual_level(), forward:
        outputs, along = split_dual(network(images))
    # The level is closed before any backward, which would carry derivatives along as well.
    if want_jacobian:
        (jacobian,) = _gradients(outputs, [images], torch.ones_like(outputs), retain=want_loss)
        matrix = correlation_matrix(jacobian)
        for proxy in want_jacobian:
            proxy.correlations(matrix)
    if not want_loss:
        return
    output_gradient = _output_gradient(network, outputs, targets)
    forward.in_loss_backward = True
    if second_order:
        plain = outputs.new_zeros(()) if along is None else (output_gradient * along).sum()
        slopes = _gradients(plain, leaves)
        gradients = list(forward.gradients.values())
    else:
        gradients = _gradients(outputs, leaves, output_gradient.detach())
    for proxy in want_gradients:
        proxy.weight_gradients(leaves, gradients)
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


def listeners(proxies: Sequence[Proxy], event: str) -> list[Proxy]:
    """Return those of ``proxies`` that override ``event``."""
    return [proxy for proxy in proxies if proxy.listens_to(event)]

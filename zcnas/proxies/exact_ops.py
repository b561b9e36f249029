"""Operations of a network in a form that is cheaper than PyTorch's own, and as exact.

Three things live here: the 3×3 average pooling of stride 1 (PyTorch's takes as long as a 3×3
convolution), the derivative of BatchNorm along a tangent (PyTorch's own is wrong when it is
differentiated again), and zeros that cost nothing. They know tensors only, neither networks nor
proxies. Tensors are (B, C, H, W), any memory format.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional


class AveragePool3x3(Function):
    """The mean of each pixel's 3×3 neighbourhood inside the image: stride 1, borders not padded.

    Equal to ``avg_pool2d(x, 3, 1, 1, count_include_pad=False)``, as a depthwise convolution.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor) -> Tensor:
        """Return the pooled images, of the input's shape."""
        return _sum_3x3(images).mul_(_inverse_count(images))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Return the adjoint: the sum over the neighbours that a pixel was averaged into."""
        return _sum_3x3(gradients[0] * _inverse_count(gradients[0]))

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor) -> Tensor:
        """Return the tangent: the pooling is linear."""
        pooled: Tensor = AveragePool3x3.apply(tangents[0])  # type: ignore[no-untyped-call]
        return pooled


def _sum_3x3(images: Tensor) -> Tensor:
    """Return the sum of each pixel's neighbourhood, zeros outside the image."""
    if images.dtype == torch.float64:  # oneDNN has no depthwise convolution of doubles
        return functional.avg_pool2d(images, 3, 1, 1, divisor_override=1)
    channels = images.shape[1]
    return functional.conv2d(images, images.new_ones(channels, 1, 3, 3), None, 1, 1, 1, channels)


def _inverse_count(images: Tensor) -> Tensor:
    """Return one over the number of neighbours (H, W): 9, at a border 6, in a corner 4."""
    rows, columns = (images.new_full((size,), 3.0) for size in images.shape[2:])
    for neighbours in (rows, columns):
        neighbours[:1].sub_(1.0)
        neighbours[-1:].sub_(1.0)
    return (rows[:, None] * columns).reciprocal_()


class BatchNormTangent(Function):
    """The derivative of a train-mode BatchNorm along a tangent of its input, differentiable.

    Per channel, with r = 1/√(σ² + ε), x̂ = r (x − μ) and ⟨a, b⟩ the mean of a·b over batch and
    pixels:

        T(x, t) = γ r (t − ⟨t⟩ − x̂ ⟨x̂, t⟩)

    which is BatchNorm's ordinary backward applied to t. For a cotangent c the adjoint in t is T(x,
    c), and in x, with p = ⟨x̂, c⟩, q = ⟨x̂, t⟩ and A = ⟨c, t⟩ − ⟨c⟩⟨t⟩,

        −γ r² (q (c − ⟨c⟩) + p (t − ⟨t⟩) + (A − 3 p q) x̂).

    The affine weight γ is a constant here.
    """

    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        tangent: Tensor,
        affine: Tensor,
        mean: Tensor,
        inverse_std: Tensor,
    ) -> Tensor:
        """Return T(x, t), of shape (B, C, H, W).

        Args:
            ctx: Autograd's.
            features: x (B, C, H, W).
            tangent: t (B, C, H, W).
            affine: γ (C,).
            mean: μ (C,), of the batch.
            inverse_std: r (C,), of the batch.
        """
        derivative, along, total = _batch_norm_backward(
            tangent, features, affine, mean, inverse_std
        )
        ctx.save_for_backward(features, tangent, affine, mean, inverse_std, along, total)
        return derivative

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the adjoints in x and t."""
        cotangent = gradients[0]
        features, tangent, affine, mean, inverse_std, along, total = ctx.saved_tensors
        count = features.numel() // features.shape[1]
        q, mean_t = along / count, total / count
        adjoint_t, along, total = _batch_norm_backward(
            cotangent, features, affine, mean, inverse_std
        )
        p, mean_c = along / count, total / count
        a = _channel_dot(cotangent, tangent) / count - mean_c * mean_t
        scale = -affine * inverse_std.square()
        slope = scale * inverse_std * (a - 3 * p * q)
        shift = -scale * (q * mean_c + p * mean_t) - slope * mean
        adjoint_x = torch.addcmul(_per_channel(shift), features, _per_channel(slope))
        adjoint_x.addcmul_(cotangent, _per_channel(scale * q))
        adjoint_x.addcmul_(tangent, _per_channel(scale * p))
        return adjoint_x, adjoint_t, None, None, None


def _batch_norm_backward(
    gradient: Tensor, features: Tensor, affine: Tensor, mean: Tensor, inverse_std: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return T(x, gradient), Σ x̂·gradient and Σ gradient; ε is inside ``inverse_std``."""
    outputs: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.native_batch_norm_backward(
        gradient, features, affine, None, None, mean, inverse_std, True, 0.0, [True, True, True]
    )
    return outputs


def _channel_dot(left: Tensor, right: Tensor) -> Tensor:
    """Return Σ a·b per channel (C,): what BatchNorm's backward sums, with μ = 0 and r = 1."""
    zero, one = left.new_zeros(left.shape[1]), left.new_ones(left.shape[1])
    total: Tensor = torch.ops.aten.native_batch_norm_backward(
        left, right, None, None, None, zero, one, True, 0.0, [False, True, False]
    )[1]
    return total


def _per_channel(values: Tensor) -> Tensor:
    """Return values (C,) as (1, C, 1, 1)."""
    return values[:, None, None]


def zeros(shape: torch.Size, like: Tensor) -> Tensor:
    """Return a constant zero of that shape that takes one number of memory; see ``is_zero``."""
    zero = like.detach().new_zeros(()).expand(shape)
    zero.is_known_zero = True  # type: ignore[attr-defined]
    return zero


def is_zero(value: object) -> bool:
    """Say whether ``value`` came from ``zeros``."""
    return getattr(value, "is_known_zero", False)

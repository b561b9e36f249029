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


class AveragePool3x3(Function):
    """The mean of each pixel's 3×3 neighbourhood inside the image: stride 1, borders not padded.

    Equal to ``avg_pool2d(x, 3, 1, 1, count_include_pad=False)``, as two one-dimensional sums.
    """

    @staticmethod
    def forward(ctx: Any, images: Tensor) -> Tensor:
        """Return the pooled images, of the input's shape."""
        return _divide_by_count(_sum_3x3(images))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Return the adjoint: the sum over the neighbours that a pixel was averaged into."""
        return _sum_3x3(_divide_by_count(gradients[0].clone()))

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor) -> Tensor:
        """Return the tangent: the pooling is linear."""
        pooled: Tensor = AveragePool3x3.apply(tangents[0])  # type: ignore[no-untyped-call]
        return pooled


def _sum_3x3(images: Tensor) -> Tensor:
    return _sum_of_three(_sum_of_three(images, 2), 3)


def _sum_of_three(images: Tensor, dim: int) -> Tensor:
    """Return x[i-1] + x[i] + x[i+1] along ``dim``, without what lies outside."""
    last = images.shape[dim] - 1
    if last == 0:
        return images.clone()
    total = torch.empty_like(images)
    earlier, later = images.narrow(dim, 0, last), images.narrow(dim, 1, last)
    torch.add(earlier, later, out=total.narrow(dim, 0, last))
    total.select(dim, last).copy_(images.select(dim, last))
    total.narrow(dim, 1, last).add_(earlier)
    return total


def _divide_by_count(images: Tensor) -> Tensor:
    """Divide in place by the number of neighbours: 9, at a border 6, in a corner 4."""
    images.mul_(1.0 / (min(images.shape[2], 3) * min(images.shape[3], 3)))
    for dim in (2, 3):
        size = images.shape[dim]
        if size > 2:
            images.select(dim, 0).mul_(1.5)
            images.select(dim, size - 1).mul_(1.5)
    return images


class BatchNormTangent(Function):
    """The derivative of a train-mode BatchNorm along a tangent of its input, differentiable.

    Per channel, with r = 1/√(σ² + ε), x̂ = r (x − μ) and ⟨a, b⟩ the mean of a·b over batch and
    pixels:

        T(x, t) = γ r (t − ⟨t⟩ − x̂ ⟨x̂, t⟩)

    which is BatchNorm's ordinary backward applied to t. For a cotangent c the adjoint in t is T(x,
    c), and in x, with p = ⟨x̂, c⟩, q = ⟨x̂, t⟩ and A = ⟨c, t⟩ − ⟨c⟩⟨t⟩,

        −r (q T(x, c) + p T(x, t) + γ r (A − p q) x̂).

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
        normalised, along, total = _batch_norm_backward(
            tangent, features, affine, mean, inverse_std
        )
        ctx.save_for_backward(features, tangent, normalised, affine, mean, inverse_std)
        ctx.moments = (along, total)
        return normalised

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the adjoints in x and t."""
        cotangent = gradients[0]
        features, tangent, normalised, affine, mean, inverse_std = ctx.saved_tensors
        count = features.numel() // features.shape[1]
        q, mean_t = (moment / count for moment in ctx.moments)
        adjoint_t, along, total = _batch_norm_backward(
            cotangent, features, affine, mean, inverse_std
        )
        p, mean_c = along / count, total / count
        a = (cotangent * tangent).mean((0, 2, 3)) - mean_c * mean_t
        slope = -(inverse_std**3) * affine * (a - p * q)
        adjoint_x = adjoint_t * _per_channel(-inverse_std * q)
        adjoint_x.addcmul_(normalised, _per_channel(-inverse_std * p))
        adjoint_x.addcmul_(features - _per_channel(mean), _per_channel(slope))
        return adjoint_x, adjoint_t, None, None, None


def _batch_norm_backward(
    gradient: Tensor, features: Tensor, affine: Tensor, mean: Tensor, inverse_std: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return T(x, gradient), Σ x̂·gradient and Σ gradient; ε is inside ``inverse_std``."""
    outputs: tuple[Tensor, Tensor, Tensor] = torch.ops.aten.native_batch_norm_backward(
        gradient, features, affine, None, None, mean, inverse_std, True, 0.0, [True, True, True]
    )
    return outputs


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

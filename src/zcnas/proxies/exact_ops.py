"""Operations of a network in a form that is cheaper than PyTorch's own, and at least as exact.

Three things live here: the 3×3 average pooling of stride 1 (PyTorch's takes as long as a 3×3
convolution), BatchNorm (PyTorch's loses two digits in channels_last) with its derivative along a
tangent (PyTorch's own is wrong when it is differentiated again), and zeros that cost nothing. They
know tensors only, neither networks nor proxies. Tensors are (B, C, H, W); any memory format is
right, channels_last is fast.
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
        return _scale_borders_(_ninth_of_sum_3x3(images))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        """Return the adjoint: the sum over the neighbours that a pixel was averaged into."""
        return _ninth_of_sum_3x3(_scale_borders_(gradients[0].clone()))

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor) -> Tensor:
        """Return the tangent: the pooling is linear."""
        pooled: Tensor = AveragePool3x3.apply(tangents[0])  # type: ignore[no-untyped-call]
        return pooled


def _ninth_of_sum_3x3(images: Tensor) -> Tensor:
    """Return a ninth of the sum of each pixel's neighbourhood, zeros outside the image."""
    if images.dtype == torch.float64:  # oneDNN has no depthwise convolution of doubles
        return functional.avg_pool2d(images, 3, 1, 1)
    channels = images.shape[1]
    ninths = images.new_full((channels, 1, 3, 3), 1 / 9)
    return functional.conv2d(images, ninths, None, 1, 1, 1, channels)


def _scale_borders_(images: Tensor) -> Tensor:
    """Multiply, in place, by 9 over each pixel's number of neighbours: 9, 6 or 4 (3, 2, 1)."""
    for dimension in (2, 3):
        size = images.shape[dimension]
        if size == 1:
            images.mul_(3.0)
        else:
            images.select(dimension, 0).mul_(1.5)
            images.select(dimension, size - 1).mul_(1.5)
    return images


class BatchNorm(Function):
    """Train-mode BatchNorm: γ r (x − μ) + β per channel, r = 1/√(σ² + ε), with μ and r beside it.

    The statistics are those of ``batch_statistics``. γ and β are constants.
    """

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, affine: Tensor | None, shift: Tensor | None, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the normalised features, and μ (C,) and r (C,) of the batch.

        Args:
            ctx: Autograd's.
            features: x (B, C, H, W).
            affine: γ (C,), ``None`` for ones.
            shift: β (C,), ``None`` for zeros.
            eps: ε.
        """
        mean, variance = batch_statistics(features)
        inverse_std = variance.add_(eps).rsqrt_()
        scale = inverse_std if affine is None else affine * inverse_std
        offset = -mean * scale if shift is None else shift - mean * scale
        mean, inverse_std, scale, offset = torch.stack([mean, inverse_std, scale, offset]).to(
            features.dtype
        )
        ctx.save_for_backward(features, affine, mean, inverse_std)
        ctx.mark_non_differentiable(mean, inverse_std)
        normalised = torch.addcmul(_per_channel(offset), features, _per_channel(scale))
        return normalised, mean, inverse_std

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Return the adjoint in x: T(x, gradient), see ``BatchNormTangent``."""
        features, affine, mean, inverse_std = ctx.saved_tensors
        adjoint: Tensor = torch.ops.aten.native_batch_norm_backward(
            gradients[0], features, affine, None, None, mean, inverse_std, True, 0.0,
            [True, False, False],
        )[0]  # fmt: skip
        return adjoint, None, None, None


def batch_statistics(features: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance of each channel over batch and pixels, (C,) in float64.

    PyTorch adds up a channel's float32 numbers one after the other in channels_last, with errors of
    10⁻⁵ standard deviations. Here the W columns of the images are channels of their own at first:
    sums are W times shorter, and are put together in float64.
    """
    batch, channels, height, width = features.shape
    rows = features.permute(0, 2, 3, 1).reshape(batch, height, width * channels, 1)
    columns = rows.permute(0, 2, 1, 3)  # (B, W C, H, 1), in channels_last
    means, variances = torch.ops.aten.batch_norm_update_stats(columns, None, None, 0.0)
    spread, mean = torch.var_mean(means.view(width, channels).double(), 0, correction=0)
    return mean, variances.view(width, channels).mean(0, dtype=torch.float64).add_(spread)


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
    """Return Σ a·b per channel (C,).

    On a CPU by the sum that BatchNorm's backward makes with μ = 0 and r = 1, in one pass over both;
    CUDA's kernel leaves that sum out where the gradient of the features is not asked for.
    """
    if left.device.type != "cpu":
        return (left * right).sum(dim=(0, 2, 3))
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

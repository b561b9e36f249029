"""The operations that replace PyTorch's: equal to them, and more exact in float32."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from zcnas.proxies.exact_ops import AveragePool3x3, BatchNorm, BatchNormTangent, batch_statistics
from zcnas.proxies.interpreter import Interpreter


@pytest.mark.parametrize("shape", [(2, 3, 5, 6), (1, 2, 2, 3), (1, 2, 1, 3), (1, 1, 1, 1)])
def test_the_fast_average_pooling_is_the_average_pooling(shape):
    images = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    expected = nn.functional.avg_pool2d(images, 3, 1, 1, count_include_pad=False)
    torch.testing.assert_close(AveragePool3x3.apply(images), expected, rtol=1e-12, atol=0)
    assert torch.autograd.gradcheck(AveragePool3x3.apply, (images,))


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_batchnorm_and_its_gradient_are_pytorchs_in_float64(affine, layout):
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(3, 4, 5, 2, generator=generator, dtype=torch.float64)
    images = images.contiguous(memory_format=layout).requires_grad_()
    weight, bias = torch.rand(2, 4, generator=generator).double() if affine else (None, None)
    expected = functional.batch_norm(images, None, None, weight, bias, training=True, eps=1e-5)
    answer, mean, inverse_std = BatchNorm.apply(images, weight, bias, 1e-5)
    torch.testing.assert_close(answer, expected, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(mean, images.detach().mean((0, 2, 3)), rtol=1e-12, atol=1e-14)
    assert not inverse_std.requires_grad
    assert torch.autograd.gradcheck(lambda x: BatchNorm.apply(x, weight, bias, 1e-5)[0], (images,))


def test_the_derivative_of_batchnorm_is_pytorchs_and_has_the_right_gradient():
    generator = torch.Generator().manual_seed(0)
    images, tangent = torch.randn(2, 3, 4, 3, 2, generator=generator, dtype=torch.float64)
    images.requires_grad_()
    gamma = torch.rand(4, generator=generator, dtype=torch.float64)

    def derivative(features, along):
        _, mean, inverse_std = BatchNorm.apply(features, None, None, 1e-5)
        return BatchNormTangent.apply(features, along, gamma, mean, inverse_std)

    def plain(features):
        return functional.batch_norm(features, None, None, gamma, None, training=True, eps=1e-5)

    expected = torch.autograd.functional.jvp(plain, images.detach(), tangent)[1]
    torch.testing.assert_close(derivative(images, tangent), expected, rtol=1e-10, atol=1e-12)
    assert torch.autograd.gradcheck(derivative, (images, tangent.requires_grad_()))


def test_statistics_in_channels_last_are_as_exact_as_float32_allows():
    """PyTorch's own miss the mean by 10⁻⁵ standard deviations here."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(64, 16, 32, 32, generator=generator) + 3.0
    exact = images.double()
    variance, mean = torch.var_mean(exact, (0, 2, 3), correction=0)
    found = batch_statistics(images.contiguous(memory_format=torch.channels_last))
    assert ((found[0] - mean).abs() / variance.sqrt()).max().item() < 2e-6
    assert ((found[1] - variance).abs() / variance).max().item() < 1e-6


def test_batchnorm_of_vectors_normalises_them():
    vectors = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    norm = nn.BatchNorm1d(4).double()
    expected = norm(vectors)
    with Interpreter({}):
        torch.testing.assert_close(norm(vectors), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    "operation", [functional.relu, lambda x: functional.avg_pool2d(x, 3, 1, 1, False, False)]
)
def test_what_is_asked_twice_is_computed_once_unless_it_was_written_to(operation):
    images = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    with Interpreter({}):
        first = operation(images)
        assert operation(images) is first
        first.add_(1.0)
        after_the_answer = operation(images)
    torch.testing.assert_close(after_the_answer, operation(images))
    with Interpreter({}):
        operation(images)
        images.neg_()
        after_the_input = operation(images)
    torch.testing.assert_close(after_the_input, operation(images))

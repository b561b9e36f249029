"""What every network of every search space has in common.

A predictor is given a ``Network``: an ``nn.Module`` in train mode that also knows its number of
classes and its loss, as the networks of the 2022 competition did. ``fresh_copies`` is how a search
space repeats a cell quickly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional


class Network(nn.Module):
    """Base class of all networks: inputs (B, C, H, W) to logits (B, K).

    Attributes:
        num_classes: K.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.num_classes = num_classes

    def get_loss_fn(self) -> Callable[[Tensor, Tensor], Tensor]:
        """Return the training loss.

        Logits (B, K) and labels (B,) to a scalar, the mean over the batch.
        """
        return functional.cross_entropy


def fresh_copies(module: nn.Module, count: int) -> Iterator[nn.Module]:
    """Yield ``module`` and ``count - 1`` copies of its structure with weights of their own.

    The copies are initialised as PyTorch's constructors would: under one seed, constructing
    ``count`` modules one after the other gives bit-identical weights. Most of a constructor's time
    goes into checks and conversions that a copy need not repeat.

    Args:
        module: A freshly constructed module of layers that initialise themselves in
            ``reset_parameters``.
        count: How many modules to yield, at least 1.
    """
    yield module
    for _ in range(count - 1):
        yield _fresh_copy(module)


def _fresh_copy(module: nn.Module) -> nn.Module:
    copy = module.__class__.__new__(module.__class__)
    for name, value in module.__dict__.items():
        if isinstance(value, dict | set):
            value = value.copy() if value else type(value)()  # an empty one is cheaper than a copy
        copy.__dict__[name] = value
    for name, parameter in module._parameters.items():
        if parameter is not None:
            copy._parameters[name] = nn.Parameter(parameter.detach().clone())
    for name, buffer in module._buffers.items():
        if buffer is not None:
            copy._buffers[name] = buffer.clone()
    for name, child in module._modules.items():
        if child is not None:
            copy._modules[name] = _fresh_copy(child)
    if module._parameters and not isinstance(module, nn.BatchNorm2d):
        _reset(copy)
    return copy


def _reset(layer: nn.Module) -> None:
    """Draw the default initial weights. BatchNorm's are constants, which the copy already has."""
    if isinstance(layer, nn.Conv2d) and layer.bias is None:
        # kaiming_uniform_(a=√5) is U(−b, b) with b = √3 · √(2 / (1 + 5)) / √fan_in = 1 / √fan_in.
        bound = 1 / math.sqrt(layer.weight[0].numel())
        with torch.no_grad():
            layer.weight.uniform_(-bound, bound)
    else:
        layer.reset_parameters()  # type: ignore[operator]

"""Layers and cells made quickly: by a blueprint of the first one, with weights of their own.

Most of a constructor's time in torch goes into checks, conversions and constants that are the same
each time, and a network is some hundred layers of a few kinds. A blueprint knows what a constructor
leaves behind; what it makes is of the same class, with the same attributes and, from the same state
of torch's generator, the same weights to the bit.
"""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

_BLOCK = 4096
_LOWEST = -(1 << 63)
_BATCH_NORM: dict[str, Callable[..., Tensor]] = {
    "weight": torch.ones,
    "bias": torch.zeros,
    "running_mean": torch.zeros,
    "running_var": torch.ones,
    "num_batches_tracked": functools.partial(torch.zeros, dtype=torch.long),
}
_MOST_BLUEPRINTS = 1024
Made = TypeVar("Made", bound=nn.Module)


class Blueprint:
    """How to make more modules like one.

    Args:
        module: A module as its constructor left it, made of layers that initialise themselves in
            ``reset_parameters``.
    """

    def __init__(self, module: nn.Module) -> None:
        self._class = type(module)
        self._attributes = {
            name: None if isinstance(value, dict | set) else value
            for name, value in module.__dict__.items()
        }
        self._empty = [
            (name, type(value))
            for name, value in module.__dict__.items()
            if isinstance(value, dict | set) and not value
        ]
        self._filled = [
            (name, value.copy())
            for name, value in module.__dict__.items()
            if isinstance(value, dict | set) and value
        ]
        self._children = [
            (name, None if child is None else Blueprint(child))
            for name, child in module._modules.items()
        ]
        constants = _BATCH_NORM if isinstance(module, nn.BatchNorm2d) else {}
        self._buffers = [
            (name, constants.get(name), buffer)
            for name, buffer in module._buffers.items()
            if buffer is not None
        ]
        self._parameters = [
            (name, constants.get(name, torch.empty), parameter.shape, parameter.requires_grad)
            for name, parameter in module._parameters.items()
            if parameter is not None
        ]
        self._bound = _bound_of(module)
        self._resets = bool(self._parameters) and self._bound is None and not constants

    def make(self) -> nn.Module:
        """Return a module of its own, freshly initialised."""
        module = self._class.__new__(self._class)
        state = module.__dict__
        state.update(self._attributes)
        for name, kind in self._empty:
            state[name] = kind()
        for name, value in self._filled:
            state[name] = value.copy()
        if self._children:
            state["_modules"] = {
                name: None if child is None else child.make() for name, child in self._children
            }
        for name, constant, buffer in self._buffers:
            state["_buffers"][name] = constant(buffer.shape) if constant else buffer.clone()
        for name, made, shape, requires_grad in self._parameters:
            tensor = made(shape)
            if self._bound is not None:
                _draw(tensor, self._bound)
            state["_parameters"][name] = nn.Parameter(tensor, requires_grad)
        if self._resets:
            module.reset_parameters()  # type: ignore[operator]
        return module


def construct(build: Callable[..., Made], *arguments: Any) -> Made:
    """Return ``build(*arguments)``, made by a blueprint from the second time on.

    Args:
        build: A class or function whose modules keep no tensors but the parameters of layers that
            initialise themselves in ``reset_parameters``, and those of BatchNorm.
        arguments: Its arguments, hashable.
    """
    key = (build, arguments)
    blueprint = _BLUEPRINTS.get(key)
    if blueprint is not None:
        made: Made = blueprint.make()  # type: ignore[assignment]
        return made
    module = build(*arguments)
    if len(_BLUEPRINTS) == _MOST_BLUEPRINTS:
        _BLUEPRINTS.clear()
    _BLUEPRINTS[key] = Blueprint(module)
    return module


def fresh_copies(module: Made, count: int) -> Iterator[Made]:
    """Yield ``module`` and ``count - 1`` more of its structure with weights of their own.

    Under one seed, constructing ``count`` modules one after the other gives bit-identical weights.

    Args:
        module: A freshly constructed module of layers that initialise themselves in
            ``reset_parameters``.
        count: How many modules to yield, at least 1.
    """
    yield module
    if count > 1:
        blueprint = Blueprint(module)
        for _ in range(count - 1):
            copy: Made = blueprint.make()  # type: ignore[assignment]
            yield copy


@contextlib.contextmanager
def drawn_later() -> Iterator[None]:
    """Leave convolutions without weights until the end; the generator goes on as if they had some.

    For networks that overwrite every weight afterwards: their numbers must be those that follow
    PyTorch's own initialisation, but nobody needs the latter.
    """
    global _put_off
    before, _put_off = _put_off, 0
    try:
        yield
        _skip(_put_off)
    finally:
        _put_off = before


_BLUEPRINTS: dict[tuple[Callable[..., nn.Module], tuple[Any, ...]], Blueprint] = {}
_put_off: int | None = None
"""How many numbers ``drawn_later`` owes the generator; None outside it."""


def _bound_of(module: nn.Module) -> float | None:
    """Return b where a module's one parameter is drawn from U(−b, b).

    ``kaiming_uniform_(a=√5)`` has b = √3 · √(2 / (1 + 5)) / √fan_in, here rounded as there.
    """
    if type(module) is not nn.Conv2d or module.bias is not None:
        return None
    gain = math.sqrt(2 / (1 + math.sqrt(5) ** 2))
    return math.sqrt(3) * (gain / math.sqrt(math.prod(module.weight.shape[1:])))


def _draw(tensor: Tensor, bound: float) -> None:
    global _put_off
    if _put_off is not None and tensor.dtype is torch.float32 and tensor.device.type == "cpu":
        _put_off += tensor.numel()
    else:
        tensor.uniform_(-bound, bound)


def _skip(count: int) -> None:
    """Take torch's CPU generator past so many numbers of ``uniform_``, each of 32 of its bits."""
    block = torch.empty(_BLOCK, dtype=torch.int64, device="cpu")
    full, rest = divmod(count, 2 * _BLOCK)
    for _ in range(full):
        block.random_(_LOWEST, None)  # 64 bits each
    if rest >= 2:
        block[: rest // 2].random_(_LOWEST, None)
    if rest % 2:
        torch.empty(1, dtype=torch.float32, device="cpu").uniform_()

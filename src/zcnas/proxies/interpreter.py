"""How a proxy reads a network without touching it: its operations pass through here.

An ``Interpreter`` is a torch function mode. While it is active, every operation that a network
calls, as a module or as a function, first reaches the interpreter, which may look at it, replace
its weights or replace it. Nothing is written to the network: no hook, no swapped module, no
changed weight. ``as_found`` undoes what the modules write themselves. Which proxy wants what is
none of this module's business.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from zcnas.proxies import exact_ops

Op = Callable[..., Any]

LAYERS: frozenset[Op] = frozenset({torch.conv2d, functional.linear})
"""The operations whose weights are the θ_l of the proxies."""

RELUS: frozenset[Op] = frozenset(
    {functional.relu, torch.relu, Tensor.relu, torch.relu_, Tensor.relu_}
)
POOLS: frozenset[Op] = frozenset(
    {functional.avg_pool2d, functional.max_pool2d, functional.adaptive_avg_pool2d}
)

_RULES: dict[Op, str] = (
    dict.fromkeys(LAYERS, "layer")
    | dict.fromkeys((torch.conv_transpose2d,), "transposed_layer")
    | dict.fromkeys(RELUS, "relu")
    | dict.fromkeys(POOLS, "pool")
    | dict.fromkeys((functional.batch_norm,), "batch_norm")
    | dict.fromkeys((torch.mul, Tensor.mul), "multiply")
    | dict.fromkeys((torch.add, Tensor.add), "add")
)
"""Which method of the interpreter an operation goes to; all others run as they are."""


def layout_of(inputs: Tensor) -> torch.memory_format:
    """Return the layout in which convolutions are fastest; a jigsaw's five dimensions have none."""
    return torch.channels_last if inputs.dim() == 4 else torch.contiguous_format


def layers_of(network: nn.Module) -> dict[int, Tensor]:
    """Return θ, detached, by the ids of the network's own tensors.

    These are the weights of all Conv2d and Linear layers, each once; no bias, no BatchNorm.
    """
    return {
        id(module.weight): module.weight.detach()
        for module in network.modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    }


class Interpreter(TorchFunctionMode):
    """Runs a network's operations by rules, with leaf tensors in the place of its weights.

    The rules given here are those every pass wants: BatchNorm normalises by the batch and keeps no
    statistics, a ReLU or 3×3 average pooling asked twice for the same tensor is computed once, an
    operation on a known zero costs nothing, BatchNorm and 3×3 average pooling take the form of
    ``exact_ops``. Subclasses override the rules that a pass is about.

    Attributes:
        weights: The tensor that stands for a layer's weight, by the id of the network's own.
    """

    def __init__(self, weights: Mapping[int, Tensor]) -> None:
        super().__init__()
        self.weights = weights

    def __torch_function__(
        self, func: Op, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Send the operation to its rule."""
        rule = _RULES.get(func)
        if rule is None:
            return func(*args, **(kwargs or {}))
        return getattr(self, rule)(func, *args, **(kwargs or {}))

    def layer(
        self, op: Op, features: Tensor, weight: Tensor, bias: Tensor | None = None, *options: Any,
        **named_options: Any,
    ) -> Tensor:  # fmt: skip
        """Return the answer of a convolution or linear layer: (B, C', H', W') or (B, K)."""
        weight = self.weights.get(id(weight), weight)
        if op is torch.conv2d and _is_strided_1x1(weight, *options):
            # Picking the pixels first is the same; PyTorch 2.13 writes out of bounds in the
            # backward of a strided 1×1 convolution of few channels in channels_last.
            features = features[:, :, :: options[0][0], :: options[0][1]]
            options = ((1, 1), *options[1:])
        if exact_ops.is_zero(features) and bias is None:
            return _zero_answer(op, features, weight, bias, *options, **named_options)
        answer: Tensor = op(features, weight, bias, *options, **named_options)
        return answer

    def transposed_layer(self, op: Op, *args: Any, **options: Any) -> Tensor:
        """Return the answer of a transposed convolution, whose weight is none of the θ_l."""
        answer: Tensor = op(*args, **options)
        return answer

    def relu(self, op: Op, features: Tensor, inplace: bool = False) -> Tensor:
        """Return max(features, 0); the same object if it is asked again for the same features."""
        if exact_ops.is_zero(features):
            return features
        if inplace or op in (torch.relu_, Tensor.relu_):
            rectified: Tensor = torch.relu_(features)
            return rectified
        return _once("_rectified", torch.relu, features)

    def pool(self, op: Op, features: Tensor, *args: Any, **options: Any) -> Tensor:
        """Return the pooled features (B, C, H', W')."""
        if exact_ops.is_zero(features):
            return _zero_answer(op, features, *args, **options)
        pooled: Tensor
        if op is functional.avg_pool2d and _is_3x3_mean(*args, **options):
            pooled = _once("_averaged", exact_ops.AveragePool3x3.apply, features)
        else:
            pooled = op(features, *args, **options)
        return pooled

    def batch_norm(
        self,
        op: Op,
        features: Tensor,
        running_mean: Tensor | None,
        running_var: Tensor | None,
        weight: Tensor | None = None,
        bias: Tensor | None = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> Tensor:
        """Return the features normalised by the statistics of the batch, which are not kept."""
        if exact_ops.is_zero(features) and (bias is None or not bias.any()):
            return features
        affine = None if weight is None else weight.detach()
        shift = None if bias is None else bias.detach()
        images = features if features.dim() == 4 else features.reshape(*features.shape[:2], -1, 1)
        return self.normalise(images, affine, shift, eps).view_as(features)

    def normalise(
        self, features: Tensor, affine: Tensor | None, shift: Tensor | None, eps: float
    ) -> Tensor:
        """Return γ (x − μ)/√(σ² + ε) + β per channel, with μ and σ² of the batch (B, C, H, W)."""
        normalised: Tensor
        normalised, _, _ = exact_ops.BatchNorm.apply(features, affine, shift, eps)  # type: ignore[no-untyped-call]
        return normalised

    def multiply(self, op: Op, left: Any, right: Any) -> Any:
        """Return the product; with the literal zero it is a known zero, also of infinities."""
        for features, factor in ((left, right), (right, left)):
            if isinstance(features, Tensor) and isinstance(factor, int | float) and factor == 0:
                return exact_ops.zeros(features.shape, like=features)
        return op(left, right)

    def add(self, op: Op, left: Any, right: Any, **options: Any) -> Any:
        """Return the sum; adding a known zero returns the other summand itself."""
        if not options and getattr(left, "shape", 0) == getattr(right, "shape", 1):
            if exact_ops.is_zero(left):
                return right
            if exact_ops.is_zero(right):
                return left
        return op(left, right, **options)


@contextlib.contextmanager
def as_found(network: nn.Module) -> Iterator[None]:
    """Run the body with ``network`` in train mode; then give back modes, buffers and RNG state.

    The buffers are the very same tensors afterwards; the body works on copies.
    """
    modules = list(network.modules())
    modes = [module.training for module in modules]
    buffers = [dict(module._buffers) for module in modules]
    generator_state = torch.get_rng_state()
    try:
        for module in modules:
            module.training = True
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    module._buffers[name] = buffer.clone()
        yield
    finally:
        torch.set_rng_state(generator_state)
        for module, mode, kept in zip(modules, modes, buffers, strict=True):
            module.training = mode
            module._buffers.update(kept)


def _once(name: str, operation: Op, features: Tensor) -> Tensor:
    """Return the operation's answer, the same object as before unless one of both was written to.

    Args:
        name: The attribute of ``features`` that keeps it.
        operation: Of one argument.
        features: What it is applied to.
    """
    versions, known = getattr(features, name, (None, features))
    if versions != (features._version, known._version):
        known = operation(features)
        setattr(features, name, ((features._version, known._version), known))
    return known


def _zero_answer(op: Op, features: Tensor, *args: Any, **options: Any) -> Tensor:
    """Return the known zero of the shape that ``op`` would answer with."""
    on_meta = [value.to("meta") if isinstance(value, Tensor) else value for value in args]
    return exact_ops.zeros(op(features.to("meta"), *on_meta, **options).shape, like=features)


def _is_strided_1x1(weight: Tensor, stride: Any = 1, padding: Any = 0, *others: Any) -> bool:
    """Say whether these arguments of ``conv2d`` only skip pixels."""
    if weight.shape[2:] != (1, 1) or not isinstance(stride, tuple):
        return False
    return stride != (1, 1) and padding == (0, 0)


def _is_3x3_mean(
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> bool:
    """Say whether these arguments of ``avg_pool2d`` describe ``exact_ops.AveragePool3x3``."""
    geometry = (kernel_size, stride, padding)
    is_3x3 = geometry in ((3, 1, 1), ((3, 3), (1, 1), (1, 1)))
    return is_3x3 and not ceil_mode and not count_include_pad and divisor_override is None

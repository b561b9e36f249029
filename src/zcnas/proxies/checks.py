"""What is refused before a proxy runs, each with a message that says what to pass instead."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from zcnas.errors import ProxyError


def check_network(network: nn.Module) -> None:
    """Refuse a network without convolutions.

    Raises:
        ProxyError: The network has no ``nn.Conv2d``.
    """
    if not any(isinstance(module, nn.Conv2d) for module in network.modules()):
        raise ProxyError(
            f"{type(network).__name__} has no Conv2d layer; the proxies score convolutional "
            "networks, e.g. those of zcnas.search_spaces.build_network"
        )


def check_minibatch(network: nn.Module, inputs: Tensor, targets: Tensor) -> None:
    """Refuse inputs and targets that are no minibatch of at least two images.

    Raises:
        ProxyError: Wrong number of dimensions, dtype or batch size.
    """
    if (
        not isinstance(inputs, Tensor)
        or not inputs.is_floating_point()
        or inputs.dim() not in (4, 5)
    ):
        raise ProxyError(
            f"inputs are {_describe(inputs)}; pass a floating point tensor (B, C, H, W), "
            "or (B, 9, C, H, W) of jigsaw tiles"
        )
    if len(inputs) < 2:
        raise ProxyError(
            f"inputs hold {len(inputs)} image; the proxies compare the images of a batch: "
            "pass at least 2"
        )
    if not isinstance(targets, Tensor) or targets.dim() == 0 or len(targets) != len(inputs):
        raise ProxyError(
            f"targets are {_describe(targets)}; pass one target per image, here {len(inputs)}"
        )
    classes = getattr(network, "num_classes", None)
    if targets.dtype == torch.int64 and targets.dim() == 1 and classes is not None:
        low, high = int(targets.min()), int(targets.max())
        if low < 0 or high >= classes:
            raise ProxyError(
                f"targets lie in {low}..{high}; this network's labels are 0..{classes - 1}"
            )


def loss_of(network: nn.Module, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the network's training loss, or cross-entropy if the network names none.

    Raises:
        ProxyError: The loss does not take these targets.
    """
    get_loss: Callable[[], Callable[[Tensor, Tensor], Tensor]] | None
    get_loss = getattr(network, "get_loss_fn", None)
    loss_fn = functional.cross_entropy if get_loss is None else get_loss()
    try:
        return loss_fn(outputs, targets)
    except (RuntimeError, ValueError, IndexError) as error:
        raise ProxyError(
            f"the loss of {type(network).__name__} does not take targets that are "
            f"{_describe(targets)} for outputs {tuple(outputs.shape)}: {error}; "
            "pass int64 labels (B,), or what the task's loss takes"
        ) from error


def class_labels(targets: Tensor) -> Tensor:
    """Return the class of each sample (B,): its label, or the likeliest of (B, K) probabilities.

    Raises:
        ProxyError: The targets name no classes, as those of dense tasks or of room layout.
    """
    if targets.dim() == 1 and not targets.is_floating_point():
        return targets
    is_soft = targets.dim() == 2 and targets.is_floating_point() and bool((targets >= 0).all())
    if is_soft and torch.allclose(
        targets.sum(dim=1), torch.ones((), dtype=targets.dtype), atol=1e-4
    ):
        return targets.argmax(dim=1)
    raise ProxyError(
        f"epe_nas is defined for classification only, but targets are {_describe(targets)}; "
        "pass integer labels (B,) or probabilities (B, K), or leave epe_nas out"
    )


def _describe(value: object) -> str:
    if not isinstance(value, Tensor):
        return f"a {type(value).__name__}"
    return f"{str(value.dtype).removeprefix('torch.')} of shape {tuple(value.shape)}"

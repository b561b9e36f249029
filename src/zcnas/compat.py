"""What lets published proxies run as they are: no accelerator, and networks that answer in pairs.

    from zcnas.compat import as_pair, cpu_only

    cpu_only()  # from here on .cuda(), device="cuda" and torch.cuda's calls mean the CPU
    features, logits = as_pair(graph)(images)  # as the networks of XAutoDL answer

Public code of zero-cost proxies is written for one GPU. A query has none, so its calls for one are
answered by the CPU; nothing else about them changes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from zcnas.search_spaces.network import Network

_CPU = torch.device("cpu")


def cpu_only() -> None:
    """Answer every call for CUDA by the CPU, from now on in this process.

    ``.cuda()`` and ``.to("cuda")`` of tensors and modules, ``device="cuda"`` of every function of
    torch, ``torch.cuda.FloatTensor`` and the functions of ``torch.cuda`` that wait for a device,
    count it, seed it or free its memory. ``torch.cuda.is_available()`` stays False. Calling it
    twice changes nothing.
    """
    if torch.cuda.current_device is _STAND_INS["current_device"]:
        return
    contextlib.ExitStack().enter_context(_OnCpu())  # and never left
    for name, stand_in in _STAND_INS.items():
        setattr(torch.cuda, name, stand_in)


def old_names() -> None:
    """Give torch and numpy the names back that published code uses and later releases took away.

    ``torch.symeig`` (upper triangle, ascending, as it was), ``numpy.int`` and ``numpy.float``.
    """
    setattr(torch, "symeig", _symeig)  # noqa: B010 - no stub of torch knows the name
    for name, kind in (("int", int), ("float", float)):
        if not hasattr(np, name):
            setattr(np, name, kind)


class _Eigen(NamedTuple):
    eigenvalues: Tensor
    eigenvectors: Tensor


def _symeig(input: Tensor, eigenvectors: bool = False, upper: bool = True) -> Any:
    """Answer as ``torch.symeig`` did: eigenvalues, and eigenvectors or an empty tensor."""
    triangle = "U" if upper else "L"
    if eigenvectors:
        return _Eigen(*torch.linalg.eigh(input, UPLO=triangle))
    values = torch.linalg.eigvalsh(input, UPLO=triangle)
    return _Eigen(values, values.new_empty(0))


def as_pair(graph: Network) -> nn.Module:
    """Return a module that answers images with (features (B, C), logits (B, K)).

    The networks in the code of TE-NAS, ZiCo and AZ-NAS answer so. The module shares the network's
    parameters; every other attribute is the network's.

    Args:
        graph: A network whose answer is logits.
    """
    return _Pair(graph)


class _Pair(nn.Module):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.train(network.training)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.features_and_logits(images)

    def __getattr__(self, name: str) -> Any:
        if name == "network":
            return super().__getattr__(name)
        return getattr(self.network, name)


class _OnCpu(TorchFunctionMode):
    """Replaces CUDA devices in the arguments of torch's functions."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = {name: _on_cpu(value) for name, value in (kwargs or {}).items()}
        if func in (Tensor.cuda, Tensor.pin_memory):
            return args[0]
        if func is Tensor.to:
            args = tuple(_on_cpu(argument) for argument in args)
        return func(*args, **kwargs)


def _on_cpu(argument: Any) -> Any:
    """Return an argument of torch, with the CPU where it names a CUDA device."""
    if isinstance(argument, str) and argument.split(":")[0] == "cuda":
        return _CPU
    if isinstance(argument, torch.device) and argument.type == "cuda":
        return _CPU
    return argument


@contextlib.contextmanager
def _nowhere(*_: Any, **__: Any) -> Iterator[None]:
    """Stand in for a context of a device or stream."""
    yield


def _nothing(*_: Any, **__: Any) -> None:
    """Stand in for a call that only concerns a device."""


_STAND_INS: dict[str, Any] = {
    **dict.fromkeys(("synchronize", "empty_cache", "manual_seed", "manual_seed_all"), _nothing),
    **dict.fromkeys(("set_device", "reset_peak_memory_stats", "ipc_collect"), _nothing),
    **dict.fromkeys(("device", "stream"), _nowhere),
    "current_device": lambda: 0,
    "device_count": lambda: 1,
    "memory_allocated": lambda *_: 0,
    "max_memory_allocated": lambda *_: 0,
    "FloatTensor": torch.FloatTensor,
    "LongTensor": torch.LongTensor,
}

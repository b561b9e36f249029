"""Tensors that carry a derivative along: typed names for PyTorch's forward mode.

``torch.autograd.forward_ad.make_dual`` first compiles a set of decompositions with a deprecated
compiler, which takes seconds, warns, and is of no use here; below it is the same primitive.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd import forward_ad

dual_level = forward_ad.dual_level


def make_dual(primal: Tensor, tangent: Tensor) -> Tensor:
    """Return ``primal`` with ``tangent`` as its derivative, inside a ``dual_level``."""
    dual: Tensor = torch._VF._make_dual(primal, tangent, level=0)
    return dual


def split_dual(dual: Tensor) -> tuple[Tensor, Tensor | None]:
    """Return the value and its derivative, ``None`` if it carries none."""
    primal, tangent = forward_ad.unpack_dual(dual)  # type: ignore[no-untyped-call]
    return primal, tangent

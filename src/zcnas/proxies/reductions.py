"""Sums over layers that several proxies share, accumulated in float64."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def sum_of_norms(tensors: Sequence[Tensor]) -> float:
    """Return Σ_l ‖t_l‖₂."""
    return float(sum(torch.linalg.vector_norm(tensor).item() for tensor in tensors))


def dot(left: Sequence[Tensor], right: Sequence[Tensor]) -> float:
    """Return Σ_l Σ a_l⊙b_l for tensors of pairwise equal shape."""
    pairs = zip(left, right, strict=True)
    return float(sum((a.detach() * b).sum(dtype=torch.float64).item() for a, b in pairs))


def absolute_dot(left: Sequence[Tensor], right: Sequence[Tensor]) -> float:
    """Return Σ_l Σ |a_l⊙b_l| for tensors of pairwise equal shape."""
    pairs = zip(left, right, strict=True)
    return float(sum((a.detach() * b).abs().sum(dtype=torch.float64).item() for a, b in pairs))

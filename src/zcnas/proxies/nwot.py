"""nwot: how many patterns of active units the images of a batch take (NASWOT).

    x ∈ {0,1}^{B×d} for every ReLU: which units are active;
    K = Σ x xᵀ + (1−x)(1−x)ᵀ;  score = ln |det K|

Higher is better: images that share fewer codes are told apart more easily. Labels are not used;
defined for every task. One product per ReLU suffices, since (1−x)(1−x)ᵀ_ij = d − s_i − s_j + (x
xᵀ)_ij with row sums s.

Public code hooks ``nn.ReLU`` modules; a ReLU written as a function counts just as well in ours,
and a ReLU that is applied twice to the same features counts twice. Leaky and other rectifiers have
no inactive half and do not count.

Edge cases: a singular K (two images with equal codes, a dead network, no ReLU at all) gives −Inf,
which is a score.

Reference: Mellor et al., "Neural Architecture Search without Training", ICML 2021,
arXiv:2006.04647.
"""

from __future__ import annotations

import weakref

import torch
from torch import Tensor, nn

from zcnas.proxies.proxy import Proxy

_UNITS_AT_ONCE = 8192


class Nwot(Proxy):
    """Adds up the kernel, ReLU by ReLU."""

    def __init__(self, network: nn.Module, inputs: Tensor, targets: Tensor) -> None:
        super().__init__(network, inputs, targets)
        batch = len(inputs)
        self.kernel = inputs.new_zeros(batch, batch, dtype=torch.float64)
        self.shares: dict[int, tuple[weakref.ref[Tensor], Tensor]] = {}

    def relu(self, rectified: Tensor) -> None:
        """Add x xᵀ + (1−x)(1−x)ᵀ of one ReLU: whole numbers, exact."""
        known, share = self.shares.get(id(rectified), (None, None))
        if known is None or share is None or known() is not rectified:
            share = self._share(rectified.detach())
            self.shares[id(rectified)] = (weakref.ref(rectified), share)
        self.kernel += share

    def _share(self, rectified: Tensor) -> Tensor:
        if rectified.stride() == (0,) * rectified.dim():  # a known zero: nobody is active
            return rectified.new_tensor(float(rectified[0].numel()))
        if rectified.dim() == 4 and rectified.is_contiguous(memory_format=torch.channels_last):
            rectified = rectified.permute(0, 2, 3, 1)  # the order of units is free; no copy
        both = _common(rectified.flatten(1))
        count = both.diagonal()
        units = rectified[0].numel()
        return units - count[:, None] - count[None, :] + 2 * both

    def value(self) -> float:
        """Return ln |det K|."""
        sign, log_determinant = torch.linalg.slogdet(self.kernel)
        # K holds integers and is positive semi-definite: a determinant below 1 is a rounded 0.
        return log_determinant.item() if sign > 0 and log_determinant > -0.5 else float("-inf")


def _common(rectified: Tensor) -> Tensor:
    """Return how many units each two of B samples have both active, (B, B) in float64: exact.

    Products of zeros and ones in float32, a few units at a time: below 2²⁴ every sum is exact, and
    the ones stay in the cache. PyTorch's product of 8-bit integers takes 13 to 25 times as long on
    a CPU without instructions for it (AVX2).

    Args:
        rectified: (B, d); a unit is active where it is not 0.
    """
    batch = len(rectified)
    both = rectified.new_zeros(batch, batch, dtype=torch.float64)
    for part in torch.split(rectified, _UNITS_AT_ONCE, dim=1):
        active = torch.ne(part, 0, out=part.new_empty(part.shape, dtype=torch.float32))
        both += active @ active.T
    return both


score = Nwot.score

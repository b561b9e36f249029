"""jacov: how differently the network answers to different images, to first order.

    J_n = ∂(Σ_k z_k)/∂x_n flattened;  v = eigenvalues of corr(J);
    score = −Σ_i (ln(v_i + k) + 1/(v_i + k)),  k = 10⁻⁵

corr(J) is the (B, B) matrix of Pearson correlations between the rows. Higher is better: the
maximum −B(ln(1+k) + 1/(1+k)) is reached when no two images are correlated. Labels are not used;
defined for every task.

The paper (Mellor et al., first version) and public code take the eigenvalues of a general matrix,
which may come out complex or slightly negative; corr(J) is symmetric, so ours are real, and
rounding below 0 is set to 0.

Edge cases: the rows of a network that does not see its input are all zero; such rows count as
equal to each other, which gives the lowest score, about −(B−1)·10⁵. In float64 whatever the
network computes in.

Reference: Mellor et al., "Neural Architecture Search without Training", 2020, arXiv:2006.04647v1;
as a proxy Abdelfattah et al., ICLR 2021, arXiv:2101.08134.
"""

from __future__ import annotations

import torch
from torch import Tensor

from zcnas.proxies.proxy import Proxy

K = 1e-5


class Jacov(Proxy):
    """Reduces the correlations of the input gradients."""

    def correlations(self, matrix: Tensor) -> None:
        """Keep −Σ (ln(v + k) + 1/(v + k))."""
        if not bool(matrix.isfinite().all()):
            self.total = float("nan")
            return
        eigenvalues = torch.linalg.eigvalsh(matrix).clamp(min=0.0) + K
        self.total = -(eigenvalues.log() + eigenvalues.reciprocal()).sum().item()

    def value(self) -> float:
        """Return −Σ (ln(v + k) + 1/(v + k))."""
        return self.total


score = Jacov.score

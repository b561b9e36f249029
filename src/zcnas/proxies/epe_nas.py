"""epe_nas: how the answers to images of one class go together.

    J_n = ∂(Σ_k z_k)/∂x_n flattened, grouped by class;  E_c = Σ_ij ln(|corr_ij| + k) within class
    c,  k = 10⁻⁵ K ≤ 100 classes:  score = Σ_c |E_c| more:             score = Σ_{c<c'} |e_c −
    e_c'| × 2 / m,  e_c = E_c / n_c

n_c is the number of images of class c, m the number of classes compared, K the network's number of
classes. Higher is better. Labels may be given as probabilities (B, K); the likeliest class counts.

Public code divides by m and not by the number of pairs; so does ours, and with one minibatch for
all architectures the ranking is the same. It leaves one-image classes out if K > 100 and counts
ln(1 + k) ≈ 10⁻⁵ for them otherwise. An image alone says nothing about correlation: ours leaves it
out in both cases, a difference of 10⁻⁵ per class.

Edge cases: if no class has two images the score is 0; a batch of a single class is refused, and so
is a task without classes (public code scores −10⁸ there, for all architectures).

Reference: Lopes, Alirezazadeh and Alexandre, "EPE-NAS: Efficient Performance Estimation Without
Training for Neural Architecture Search", ICANN 2021, arXiv:2102.08099.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from zcnas.errors import ProxyError
from zcnas.proxies.checks import class_labels
from zcnas.proxies.proxy import Proxy

K = 1e-5
MANY_CLASSES = 100


class EpeNas(Proxy):
    """Reduces the correlations of the input gradients, class by class."""

    def __init__(self, network: nn.Module, inputs: Tensor, targets: Tensor) -> None:
        super().__init__(network, inputs, targets)
        self.labels = class_labels(targets)
        self.classes = torch.unique(self.labels)
        if len(self.classes) < 2:
            raise ProxyError(
                f"all {len(self.labels)} targets are of class {self.classes.item()}; epe_nas "
                "compares classes: pass a batch with at least two"
            )

    def correlations(self, matrix: Tensor) -> None:
        """Keep the comparison of the classes."""
        logs = (matrix.abs() + K).log()
        members = [(self.labels == label).nonzero().flatten() for label in self.classes]
        groups = [(len(m), logs[m][:, m].sum().item()) for m in members if len(m) > 1]
        if getattr(self.network, "num_classes", len(self.classes)) <= MANY_CLASSES:
            self.total = sum(abs(energy) for _, energy in groups)
            return
        per_image = [energy / count for count, energy in groups]
        distances = (abs(a - b) for a, b in itertools.combinations(per_image, 2))
        self.total = 2 * sum(distances) / max(len(per_image), 1)

    def value(self) -> float:
        """Return the comparison of the classes."""
        return float(self.total)


score = EpeNas.score

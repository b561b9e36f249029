"""params: the number of trainable parameters, in millions.

    score = |{all parameters}| / 10⁶

Every ``nn.Parameter`` counts once, biases and BatchNorm included, shared ones not twice; buffers
do not count. Higher is better: larger networks tend to be more accurate. Defined for every task; a
dead network keeps its parameters.

Paper and public code agree. The published column leaves out the auxiliary head of NAS-Bench-301 on
CIFAR-10; ours counts the network it is given.

Reference: Ning et al., "Evaluating Efficient Performance Estimators of Neural Architectures",
NeurIPS 2021, arXiv:2008.03064; Krishnakumar et al., "NAS-Bench-Suite-Zero", NeurIPS 2022,
arXiv:2210.03230.
"""

from __future__ import annotations

from zcnas.proxies.proxy import Proxy


class Params(Proxy):
    """Counts; needs no pass."""

    def value(self) -> float:
        """Return the number of parameters in millions."""
        return sum(parameter.numel() for parameter in self.network.parameters()) / 1e6


score = Params.score

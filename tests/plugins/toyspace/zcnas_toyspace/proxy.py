"""weight_mean: the mean absolute weight of the convolutions; shows how a plugin adds a proxy."""

from __future__ import annotations

from torch import nn

from zcnas.proxies.proxy import Proxy


class WeightMean(Proxy):
    """Needs no pass."""

    def value(self) -> float:
        """Return the mean of |θ| over all convolutions."""
        layers = [m.weight for m in self.network.modules() if isinstance(m, nn.Conv2d)]
        total = sum(weight.detach().double().abs().sum().item() for weight in layers)
        return total / sum(weight.numel() for weight in layers)

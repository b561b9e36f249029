"""One forward pass: the least that a predictor pays that looks at weights and data."""

from __future__ import annotations

from typing import Any


class ZeroCostPredictor:
    """See the module."""

    def query(self, graph: Any, dataloader: Any = None) -> float:
        """Return the sum of the outputs."""
        inputs, _ = next(iter(dataloader))
        return float(graph(inputs).double().sum())

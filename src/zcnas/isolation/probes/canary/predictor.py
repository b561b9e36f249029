"""Counts parameters: whoever cannot do this has a broken machine."""

from __future__ import annotations

from typing import Any


class ZeroCostPredictor:
    """See the module."""

    def query(self, graph: Any, dataloader: Any = None) -> float:
        """Return the number of parameters."""
        return float(sum(parameter.numel() for parameter in graph.parameters()))

    def combine(self, answers: Any) -> list[float]:
        """Return 0.0 for every answer."""
        return [0.0 for _ in answers]

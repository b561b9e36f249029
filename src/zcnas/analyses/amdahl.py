"""What a faster search is worth when the network it finds has to be trained: Amdahl's law.

Reference: Amdahl, AFIPS 1967; White et al., "A Deeper Look at Zero-Cost Proxies", ICLR blog track
2022, "Cases against".
"""

from __future__ import annotations

from zcnas.errors import AnalysisError


def speedup(search_before: float, search_after: float, training: float) -> float:
    """Return how many times faster search and training together become.

    Args:
        search_before: What the search cost, in any unit.
        search_after: What it costs now.
        training: What training the network found costs.

    Raises:
        AnalysisError: A cost is negative, or nothing costs anything afterwards.
    """
    if min(search_before, search_after, training) < 0 or search_after + training == 0:
        raise AnalysisError(
            f"costs of {search_before}, {search_after} and {training} have no speed-up; they must "
            "not be negative, and search and training must not both be free"
        )
    return (search_before + training) / (search_after + training)


def limit(search_before: float, training: float) -> float:
    """Return the speed-up of a search that costs nothing."""
    return speedup(search_before, 0, training)

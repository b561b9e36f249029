"""Signs that a submission remembers a benchmark instead of predicting it: advice, never a score.

Public benchmarks can be memorised, and nothing in a score tells a good proxy from a good memory.
``constants.py`` reads a submission's files, ``evidence.py`` weighs what a replay shows, and
``replay.py`` asks a few architectures again under other weights and images, in another order.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sign:
    """Something an organiser may want to look at.

    Attributes:
        kind: ``tables``, ``ignores_input``, ``fast_and_good`` or ``unsteady``.
        text: What was seen, with the numbers.
    """

    kind: str
    text: str

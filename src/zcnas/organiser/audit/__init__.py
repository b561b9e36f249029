"""Signs that a submission remembers a benchmark instead of predicting it: advice, never a score.

Public benchmarks can be memorised, and a score alone cannot tell a good proxy from a good memory.
``constants.py`` inspects a submission's files one by one, ``information.py`` what they hold
together; ``replay.py`` repeats a few queries with other weights and images, in another order, for
networks that compute the same, and for networks of another width; ``evidence.py`` evaluates what
the replay shows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sign:
    """Something an organiser may want to look into.

    Attributes:
        kind: ``tables``, ``information``, ``fitted``, ``ignores_input``, ``fast_and_good``,
            ``too_steady``, ``unsteady``, ``identity``, ``outside`` or ``forged``.
        text: The observation, with numbers.
    """

    kind: str
    text: str

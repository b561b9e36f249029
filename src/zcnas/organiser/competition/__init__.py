"""The organiser's run.

Every submission on every benchmark of a phase, many at once, on one machine or on many.

    submissions ──▶ jobs (``job.py``) ──▶ an engine (``engines.py``, ``cluster.py``) ──▶ a host
    (``host.py``: a CPU of its own, ingestion) ──▶ OUT (``results.py``) ──▶ scoring, leaderboard
    (``ranking.py``)

``run.py`` holds the loop. Only the organiser's process writes to OUT, line by line as architectures
finish, so that the same command given again goes on where the last one ended.
"""

from __future__ import annotations

from zcnas.organiser.competition.halves import Halves, load_halves
from zcnas.organiser.competition.run import Competition

__all__ = ["Competition", "Halves", "load_halves"]

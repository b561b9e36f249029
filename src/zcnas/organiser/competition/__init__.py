"""The organiser's run.

Every submission on every benchmark of a phase, many at once, on one machine or on many.

    submissions ──▶ parts (``parts.py``: a submission on a benchmark) ──▶ the job pools of
    ``zcnas.jobs`` ──▶ a host (``host.py``: a CPU of its own, ingestion) ──▶ reports ──▶ OUT ──▶
    leaderboard

``run.py`` reads from top to bottom; ``evaluation.py`` says what a host is told and what it reports.
Only the organiser's process writes to OUT, line by line as architectures finish, so that the same
command resumes where the last one ended.
"""

from __future__ import annotations

from zcnas.organiser.competition.halves import Halves, first_of, load_halves
from zcnas.organiser.competition.run import Competition

__all__ = ["Competition", "Halves", "first_of", "load_halves"]

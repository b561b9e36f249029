"""Whose turn it is: fair over teams, not over attempts.

A team's first waiting attempt comes before every other team's second, whoever handed in first; jobs
a team has running count as well. Among equals, the team that has waited longest since its last
start comes first, then the attempt that came first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from zcnas.organiser.serving.attempts import Attempt
from zcnas.organiser.serving.store import Store


def in_turn(
    waiting: Iterable[Attempt], running: Mapping[str, int], last_starts: Mapping[str, str]
) -> list[Attempt]:
    """Return the waiting attempts in the order in which they will be run.

    Args:
        waiting: Them, by number.
        running: How many jobs a team has running.
        last_starts: When a team's last run was started.
    """
    turns = Counter(running)
    keyed = []
    for attempt in waiting:
        key = turns[attempt.team], last_starts.get(attempt.team, ""), attempt.number
        turns[attempt.team] += 1
        keyed.append((key, attempt))
    return [attempt for _, attempt in sorted(keyed, key=lambda each: each[0])]


def queue_of(store: Store) -> list[Attempt]:
    """Return what waits, in the order in which it will be run."""
    running = Counter(attempt.team for attempt in store.attempts("running"))
    return in_turn(store.attempts("waiting"), running, store.last_starts())

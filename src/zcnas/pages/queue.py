"""The page of a server's queue: what runs, how far it is, and what waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from zcnas.pages.environment import environment

LISTED = 200
"""Waiting attempts that are listed: the first."""


class QueueLine(Protocol):
    """An attempt that runs or waits."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def team(self) -> str:
        """Whose it is."""
        ...

    @property
    def architectures(self) -> int:
        """How many of it are done."""
        ...

    @property
    def of(self) -> int:
        """Of how many; 0 before it has begun."""
        ...


def render_queue(
    boards: Sequence[tuple[str, str]],
    running: Sequence[QueueLine],
    waiting: Sequence[QueueLine],
    paused: str | None,
) -> str:
    """Return the page.

    Args:
        boards: Title and address of each phase's board.
        running: What runs.
        waiting: What waits, in order.
        paused: Whether, and why, nothing is started; the reason is the organiser's own affair.
    """
    return (
        environment()
        .get_template("queue.html")
        .render(
            boards=boards,
            running=running,
            waiting=waiting[:LISTED],
            left_out=max(0, len(waiting) - LISTED),
            length=len(waiting),
            is_paused=paused is not None,
        )
    )

"""An entry as the figures see it, a figure as the page does, and what all figures share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from zcnas.pages.environment import format_tau
from zcnas.pages.plot import shortened, text_width

MAX_NAMED = 40
"""Entries a figure names; the ranking table has the numbers of all."""
LETTERS = 18
"""Of a name beside a drawing; a phone has room for no more."""
ROW = 26
"""Pixels from one entry's row to the next."""


@dataclass(frozen=True)
class Standing:
    """One ranked entry as the figures see it.

    Attributes:
        name: Its name.
        row: Id of its row in the ranking.
        score: Mean tau-b.
        interval: Of the score; None where it is not to be seen.
        taus: (K,).
        cpu_s: CPU seconds per query.
        baseline: Whether it is one.
        group: Its rank group; None where it is not to be seen.
    """

    name: str
    row: str
    score: float
    interval: Sequence[float] | None
    taus: NDArray[np.float64]
    cpu_s: float
    baseline: bool
    group: int | None = None


@dataclass(frozen=True)
class Figure:
    """A drawing with its text alternative."""

    key: str
    title: str
    caption: str
    summary: str
    svg: Markup
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    wide: bool = False


def group_of(entry: Standing) -> str:
    """Return the start of a group of what belongs to an entry."""
    return f'<g data-e="{entry.row}"{" class=b" if entry.baseline else ""}>'


def name_beside(entry: Standing, y: float) -> str:
    """Return an entry's name, left of the drawing."""
    return (
        f'<text class="name" x="-10" y="{y:g}" dy="4" text-anchor="end">'
        f"{escape(shortened(entry.name, LETTERS))}</text>"
    )


def left_margin(shown: Sequence[Standing], letters: int = LETTERS) -> float:
    """Return the pixels that the longest name takes."""
    return 14 + max(text_width(shortened(entry.name, letters)) for entry in shown)


def label_of(entry: Standing) -> str:
    """Return an entry's name as a figure's numbers have it."""
    return f"{entry.name[:32]} (baseline)" if entry.baseline else entry.name[:32]


def interval_of(entry: Standing) -> str:
    """Return an entry's interval in words."""
    if entry.interval is None:
        return "–"
    return f"[{format_tau(entry.interval[0], 3)}, {format_tau(entry.interval[1], 3)}]"


def first_of(standings: Sequence[Standing]) -> str:
    """Return how many entries a figure leaves out, in words."""
    if len(standings) <= MAX_NAMED:
        return ""
    return f"; the first {MAX_NAMED} of {len(standings)}, the ranking table has all"

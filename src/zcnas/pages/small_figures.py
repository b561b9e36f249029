"""Figures small and many enough to be written by hand: an interval, a scatter of ranks.

One path each, so that 28 of them cost a page 20 KB. Colours and line widths are in ``style.css``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

SIDE = 100
"""The scatter's plane, in the units of its drawing."""


def interval_figure(
    tau: float,
    interval: Sequence[float] | None,
    baselines: Iterable[float] = (),
    ceiling: float | None = None,
) -> Markup:
    """Return tau and its interval on a line from −1 to 1, as SVG; the line is its background.

    As wide as its column. Hidden from screen readers: the numbers stand beside it.

    Args:
        tau: The value, −1 to 1.
        interval: Its 95 % interval; None where it is not to be seen.
        baselines: Values that are marked as ticks.
        ceiling: The noise ceiling.
    """
    marks = [_mark("tick", value, 6) for value in sorted(set(baselines))]
    if ceiling is not None:
        marks.append(_mark("cap", ceiling, 8))
    if interval is not None:
        low, high = (_across(value) for value in interval)
        marks.append(f'<line class="ci" x1="{low}" x2="{high}" y1="10" y2="10"/>')
    body = f'{"".join(marks)}<circle class="dot" cx="{_across(tau)}" cy="10" r="4"/>'
    return Markup(f'<svg class="w" aria-hidden="true">{body}</svg>')


def _mark(kind: str, value: float, half: int) -> str:
    x = _across(value)
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="{10 - half}" y2="{10 + half}"/>'


def _across(value: float) -> str:
    return f"{50 * (value + 1):.1f}".removesuffix(".0") + "%"


def scatter_figure(ranks: NDArray[np.int32], failed: NDArray[np.bool_], description: str) -> Markup:
    """Return score ranks against accuracy ranks as SVG.

    Args:
        ranks: (N,) dense ranks by score of the architectures, best accuracy first.
        failed: (N,) which of them failed.
        description: What a screen reader says of the picture.
    """
    count = len(ranks)
    x = np.round(np.arange(count - 1, -1, -1) * SIDE / max(count - 1, 1)).astype(int)
    _, inverse, sizes = np.unique(ranks, return_inverse=True, return_counts=True)
    middles = np.cumsum(sizes) - (sizes + 1) / 2  # mean rank, from 0
    y = SIDE - np.round(middles[inverse] * SIDE / max(count - 1, 1)).astype(int)
    points = _steps(x[~failed], y[~failed], "z")
    crosses = _steps(x[failed], y[failed], "l3 3m0-3l-3 3m0-3")
    body = (
        f'<path class="frame" d="M0 0H{SIDE}V{SIDE}H0z"/><path class="pts" d="{points}"/>'
        + (f'<path class="bad" d="{crosses}"/>' if crosses else "")
        + f'<text x="{SIDE}" y="{SIDE + 10}" text-anchor="end">rank by accuracy →</text>'
        '<text x="-4" y="0" transform="rotate(-90 -4 0)" text-anchor="end">rank by score →</text>'
    )
    label = Markup.escape(description)
    return Markup(
        f'<svg class="s" viewBox="-12 -4 116 118" role="img" aria-label="{label}">{body}</svg>'
    )


def _steps(x: NDArray[np.int64], y: NDArray[np.int64], mark: str) -> str:
    """Return relative moves from point to point with a mark at each; a round cap makes it a dot."""
    dx, dy = np.diff(x, prepend=0).tolist(), np.diff(y, prepend=0).tolist()
    return "".join(
        f"m{a}{b}{mark}" if b < 0 else f"m{a} {b}{mark}" for a, b in zip(dx, dy, strict=True)
    )


def histogram_figure(counts: NDArray[np.int64], low: float, high: float, unit: str) -> Markup:
    """Return bars from ``low`` to ``high`` as SVG, the highest labelled with its count."""
    width, height = 16, 110
    top = max(int(counts.max()), 1)
    bars = "".join(
        f"M{number * width + 0.5} {height}v{-height * count / top:.1f}h{width - 1}V{height}z"
        for number, count in enumerate(counts.tolist())
        if count
    )
    end = width * len(counts)
    label = Markup.escape(
        f"Histogram of {int(counts.sum())} values of {unit}, from {low:.4g} to {high:.4g}; "
        f"the fullest of {len(counts)} classes holds {top}."
    )
    return Markup(
        f'<svg class="h" viewBox="-22 -8 {end + 26} {height + 34}" role="img" aria-label="{label}">'
        f'<path class="axis" d="M0 0V{height}H{end}"/><path class="bar" d="{bars}"/>'
        f'<text x="-2" y="4" text-anchor="end">{top}</text>'
        f'<text x="-2" y="{height}" text-anchor="end">0</text>'
        f'<text x="0" y="{height + 12}">{low:.4g}</text>'
        f'<text x="{end}" y="{height + 12}" text-anchor="end">{high:.4g}</text>'
        f'<text x="{end / 2}" y="{height + 24}" text-anchor="middle">{Markup.escape(unit)}</text>'
        "</svg>"
    )

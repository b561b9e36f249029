"""Who is ahead, and how surely: the rank plot and the critical-difference diagram."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import escape

from zcnas.pages.critical_difference import average_ranks, cliques, critical_difference
from zcnas.pages.environment import format_tau
from zcnas.pages.plot import Axis, axis_over, drawing, percent, scale_below, shortened
from zcnas.pages.standing import (
    LETTERS,
    MAX_NAMED,
    ROW,
    Figure,
    Standing,
    first_of,
    group_of,
    interval_of,
    label_of,
    left_margin,
    name_beside,
)

MAX_DIFFERENCES = 16
"""Entries of the critical-difference diagram: more would not be legible."""


def rank_plot(standings: Sequence[Standing], decimals: int) -> Figure:
    """Return every entry's score with its interval, and the rank groups beside them."""
    shown = standings[:MAX_NAMED]
    ends = [end for entry in shown for end in (entry.score, *(entry.interval or ()))]
    axis = axis_over(ends)
    parts = [scale_below(axis, "score: mean tau-b")]
    for number, entry in enumerate(shown):
        y = ROW * number + ROW / 2
        line = ""
        if entry.interval:
            low, high = (axis.at(end) for end in entry.interval)
            line = f'<line class="ci" x1="{low}" x2="{high}" y1="{y:g}" y2="{y:g}"/>'
        parts.append(
            f"{group_of(entry)}{line}"
            f'<circle class="dot" cx="{axis.at(entry.score)}" cy="{y:g}" r="4.5"/>'
            f"{name_beside(entry, y)}</g>"
        )
    parts += _group_bars(shown)
    first, sure = shown[0], any(entry.interval for entry in shown)
    about = f", interval {interval_of(first)}" if sure else ""
    return Figure(
        "ranks",
        "Scores and how sure they are" if sure else "Scores",
        f"The score of each entry{' with its 95 % interval' if sure else ''}"
        f"{first_of(standings)}; baselines are hollow"
        f"{', bars on the right join rank groups' if sure else ''}.",
        f"Rank plot of {len(shown)} entries; first is {first.name} with "
        f"{format_tau(first.score, 3)}{about}.",
        drawing(
            parts, ROW * len(shown), left=left_margin(shown), right=26 if sure else 6, below=44
        ),
        ("entry", "score", *(("95 % interval",) if sure else ())),
        tuple(
            (label_of(e), format_tau(e.score, decimals), *((interval_of(e),) if sure else ()))
            for e in shown
        ),
    )


def _group_bars(shown: Sequence[Standing]) -> list[str]:
    """Return a bar and the number of every rank group, right of the drawing."""
    rows: dict[int, list[int]] = {}
    for number, entry in enumerate(shown):
        if entry.group is not None:
            rows.setdefault(entry.group, []).append(number)
    return [
        f'<g transform="translate(10)"><line class="grp" x1="100%" x2="100%" '
        f'y1="{ROW * numbers[0] + 5}" y2="{ROW * numbers[-1] + ROW - 5}"/>'
        f'<text class="tick" x="100%" y="{ROW * (numbers[0] + numbers[-1] + 1) / 2:g}" dx="5" '
        f'dy="4">{group}</text></g>'
        for group, numbers in rows.items()
    ]


def differences(standings: Sequence[Standing], benchmarks: Sequence[str]) -> Figure:
    """Return the critical-difference diagram of the first entries, on two benchmarks or more."""
    shown = standings[:MAX_DIFFERENCES]
    ranks = average_ranks(np.array([entry.taus for entry in shown]))
    order = np.argsort(ranks, kind="stable").tolist()
    ordered = [float(ranks[index]) for index in order]
    apart = critical_difference(len(shown), len(benchmarks))
    joined = cliques(ordered, apart)
    axis = Axis(1, len(shown))
    head = 44 + 10 * len(joined)
    parts = [_scale_above(axis, min(apart, len(shown) - 1), apart)]
    for number, (first, last) in enumerate(joined):
        y = 40 + 10 * number
        parts.append(
            f'<line class="grp" x1="{axis.at(ordered[first])}" x2="{axis.at(ordered[last])}" '
            f'y1="{y}" y2="{y}"/>'
        )
    half = (len(shown) + 1) // 2
    for place, index in enumerate(order):
        left = place < half
        level = place if left else len(shown) - 1 - place
        y, x = head + 22 * level + 10, axis.at(ordered[place])
        end, anchor, dx = ("0", "end", -8) if left else ("100%", "start", 8)
        parts.append(
            f'{group_of(shown[index])}<line class="lead" x1="{x}" x2="{x}" y1="22" y2="{y}"/>'
            f'<line class="lead" x1="{x}" x2="{end}" y1="{y}" y2="{y}"/>'
            f'<text class="name" x="{end}" y="{y}" dx="{dx}" dy="4" text-anchor="{anchor}">'
            f"{escape(shortened(shown[index].name, LETTERS - 4))}</text></g>"
        )
    width = left_margin(shown, LETTERS - 4)
    groups = any(entry.group is not None for entry in shown)
    return Figure(
        "differences",
        "Critical differences",
        f"Average ranks of the first {len(shown)} entries over the {len(benchmarks)} benchmarks; a "
        f"bar joins entries closer than the critical difference of {apart:.2f} (Nemenyi's test at "
        "5 %; Demšar, Journal of Machine Learning Research 7, 2006)."
        + (
            " It counts benchmarks; rank groups compare architectures, which are more, and "
            "therefore part entries that this test cannot."
            if groups
            else ""
        ),
        f"Critical-difference diagram of {len(shown)} entries, average ranks from "
        f"{ordered[0]:.2f} to {ordered[-1]:.2f}, critical difference {apart:.2f}.",
        drawing(parts, head + 22 * half + 6, left=width, right=width),
        ("entry", "average rank", *(("rank group",) if groups else ())),
        tuple(
            (label_of(shown[i]), f"{ranks[i]:.2f}", *((str(shown[i].group),) if groups else ()))
            for i in order
        ),
    )


def _scale_above(axis: Axis, bar: float, apart: float) -> str:
    """Return an axis of ranks, and above it how long the critical difference is."""
    parts = [
        '<line class="axis" x1="0" x2="100%" y1="22" y2="22"/>',
        f'<line class="grp" x1="0" x2="{percent(bar / (axis.high - axis.low))}" y1="-2" y2="-2"/>',
        f'<text class="label" x="0" y="-2" dx="-8" dy="4" text-anchor="end">CD {apart:.2f}</text>',
    ]
    for number, value in enumerate(axis.ticks(8)):
        x, between = axis.at(value), " between" if number % 2 else ""
        parts.append(
            f'<line class="axis" x1="{x}" x2="{x}" y1="17" y2="22"/>'
            f'<text class="tick{between}" x="{x}" y="13" text-anchor="middle">{value:g}</text>'
        )
    return "".join(parts)

"""The ranking page's figures: whole at every width, coloured by the page, linked to the table.

Each figure carries its numbers as a table. What belongs to an entry bears the id of its row, so
that the page's script can show it wherever it stands. Colours: one accent, lightness, line styles
and markers tell things apart; no meaning hangs on hue alone.

Reference: Dolan and Moré, "Benchmarking optimization software with performance profiles",
Mathematical Programming 91, 2002; White et al., "A Deeper Look at Zero-Cost Proxies for Lightweight
NAS", ICLR blog track 2022.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup, escape

from zcnas.pages.environment import format_tau
from zcnas.pages.plot import (
    Axis,
    axis_over,
    drawing,
    percent,
    place_names,
    scale_below,
    scale_beside,
    shortened,
    text_width,
)
from zcnas.pages.rank_figures import differences, rank_plot
from zcnas.pages.standing import (
    MAX_NAMED,
    ROW,
    Figure,
    Standing,
    first_of,
    group_of,
    label_of,
    left_margin,
    name_beside,
)

MAX_PROFILES = 8
SHADES = 9
"""Steps of the shading of taus; 0 stands for none."""


def ranking_figures(
    standings: Sequence[Standing], benchmarks: Sequence[str], decimals: int
) -> list[Figure]:
    """Return the figures of the ranking page, for entries in the order of their rank.

    Taus among the numbers of a figure have ``decimals`` decimals.
    """
    if not standings:
        return []
    figures = [rank_plot(standings, decimals)]
    if len(benchmarks) > 1 and len(standings) > 1:
        figures.append(differences(standings, benchmarks))
    figures.append(_heatmap(standings, benchmarks))
    if len(benchmarks) > 1:
        figures.append(_profile(standings, benchmarks))
    figures.append(_time(standings, decimals))
    return figures


def shade(tau: float, highest: float) -> int:
    """Return how deep a tau is shaded, 0 to ``SHADES``: in proportion, none for zero and below."""
    return max(round(SHADES * tau / highest), 0) if highest > 0 else 0


def _heatmap(standings: Sequence[Standing], benchmarks: Sequence[str]) -> Figure:
    shown = standings[:MAX_NAMED]
    values = np.array([entry.taus for entry in shown])
    highest, count = float(values.max()), len(benchmarks)
    parts = []
    for number, entry in enumerate(shown):
        y = ROW * number
        cells = []
        for column, tau in enumerate(entry.taus.tolist()):
            x, middle = percent(column / count), percent((column + 0.5) / count)
            text = format_tau(tau, 2).replace("0.", ".", 1)
            cells.append(
                f'<rect class="h{shade(tau, highest)}" x="{x}" y="{y}" '
                f'width="{percent(1 / count)}" height="{ROW}"/>'
                f'<text class="cell" x="{middle}" y="{y + 17}" text-anchor="middle">{text}</text>'
            )
        cells.append(name_beside(entry, y + ROW / 2))
        parts.append(f"{group_of(entry)}{''.join(cells)}</g>")
    height = ROW * len(shown)
    for column, name in enumerate(benchmarks):
        middle = percent((column + 0.5) / count)
        parts.append(
            f'<svg x="{middle}" y="{height}" overflow="visible" width="1" height="1">'
            f'<text class="tick" transform="rotate(-40)" x="-4" y="12" text-anchor="end">'
            f"{escape(name)}</text></svg>"
        )
    best_row, best_column = divmod(int(values.argmax()), count)
    longest = max(text_width(name) for name in benchmarks)
    svg = drawing(parts, height, left=left_margin(shown), right=6, below=0.65 * longest + 26)
    if count > 6:
        svg = Markup('<div style="min-width:{}px">{}</div>').format(
            left_margin(shown) + 40 * count, svg
        )
    return Figure(
        "heatmap",
        "Every tau",
        f"tau-b of each entry on each benchmark{first_of(standings)}; deeper is higher.",
        f"Heatmap of {len(shown)} entries and {count} benchmarks; taus from "
        f"{format_tau(float(values.min()), 2)} to {format_tau(highest, 2)}, the "
        f"highest by {shown[best_row].name} on {benchmarks[best_column]}.",
        svg,
        ("entry", *benchmarks),
        tuple((label_of(e), *(format_tau(float(tau), 3) for tau in e.taus)) for e in shown),
        wide=count > 10,
    )


def _profile(standings: Sequence[Standing], benchmarks: Sequence[str]) -> Figure:
    best = np.max([entry.taus for entry in standings], axis=0)
    shown = standings[:MAX_PROFILES]
    far = max(float((best - entry.taus).max()) for entry in shown) * 1.05 + 1e-9
    across, up = Axis(0, far), Axis(0, 1.03)
    parts = [scale_below(across, "δ: distance in tau-b from the best entry")]
    parts.append(scale_beside(up, "share of benchmarks within δ"))
    lines, keys, rows = [], [], []
    for number, entry in enumerate(shown):
        gaps = np.sort(best - entry.taus)
        reached = [1000 * (1 - up.share((n + 1) / len(gaps))) for n in range(len(gaps))]
        path = "".join(
            f"H{1000 * across.share(float(gap)):.1f}V{y:.1f}"
            for gap, y in zip(gaps, reached, strict=True)
        )
        kind = f"l{number}"
        lines.append(f'{group_of(entry)}<path class="step {kind}" d="M0 1000{path}H1000"/></g>')
        keys.append(
            f'<li data-e="{entry.row}"><svg width="34" height="10" aria-hidden="true">'
            f'<line class="step {kind}" x1="0" x2="34" y1="5" y2="5"/></svg> '
            f"{escape(label_of(entry))}"
        )
        shares = (100 * float((gaps <= step + 1e-12).mean()) for step in _STEPS)
        rows.append((label_of(entry), *(f"{share:.0f} %" for share in shares)))
    parts.append(
        '<svg width="100%" height="100%" viewBox="0 0 1000 1000" preserveAspectRatio="none">'
        f"{''.join(lines)}</svg>"
    )
    svg = drawing(parts, 300, left=44, right=8, below=44)
    return Figure(
        "profile",
        "Performance profile",
        f"On which share of the {len(benchmarks)} benchmarks an entry comes within δ of the best "
        "entry there (after Dolan and Moré, Mathematical Programming 91, 2002, with differences "
        f"instead of ratios because tau crosses zero); the first {len(shown)} entries.",
        f"Performance profiles of {len(shown)} entries; {shown[0].name} is best on {rows[0][1]} "
        f"of the benchmarks and within 0.1 of the best on {rows[0][4]}.",
        Markup('<div class="above">{}<ul class="keys">{}</ul></div>').format(
            svg, Markup("".join(keys))
        ),
        ("entry", *(f"within {step:g}" for step in _STEPS)),
        tuple(rows),
    )


_STEPS = (0.0, 0.02, 0.05, 0.1, 0.2)


def _time(standings: Sequence[Standing], decimals: int) -> Figure:
    drawn = [entry for entry in standings if entry.cpu_s > 0]
    times = [entry.cpu_s for entry in standings]
    svg = Markup("")
    if drawn:
        low, high = min(e.cpu_s for e in drawn), max(e.cpu_s for e in drawn)
        across = Axis(low / 1.3, high * 1.3, logarithmic=True)
        up = axis_over([entry.score for entry in drawn], 0.06)
        height = 340
        parts = [scale_below(across, "CPU seconds per architecture (log scale)")]
        parts.append(scale_beside(up, "score: mean tau-b"))
        shares = [(across.share(e.cpu_s), 1 - up.share(e.score)) for e in drawn]
        named = drawn[:MAX_NAMED] if len(drawn) <= MAX_NAMED else []
        names = place_names([shortened(e.name, 24) for e in named], shares[: len(named)], height)
        names += [""] * (len(drawn) - len(named))
        radius = 4.5 if len(drawn) < 200 else 2.5
        for entry, (x, y), name in zip(drawn, shares, names, strict=True):
            parts.append(
                f'{group_of(entry)}<circle class="dot" cx="{percent(x)}" cy="{percent(y)}" '
                f'r="{radius}"/>{name}</g>'
            )
        svg = drawing(parts, height, left=44, right=8, below=44)
        svg = Markup('<div class="above">{}</div>').format(svg)
    return Figure(
        "time",
        "Time against score",
        "What a query costs and what it brings; further up and to the left is better. Baselines "
        "are hollow; names that would cover others are left out, the details of a point tell them.",
        f"Scatter of score against CPU time of {len(standings)} entries, from "
        f"{min(times):.3g} to {max(times):.3g} seconds per architecture.",
        svg,
        ("entry", "CPU s per architecture", "score"),
        tuple(
            (label_of(e), f"{e.cpu_s:.3g}", format_tau(e.score, decimals))
            for e in standings[:MAX_NAMED]
        ),
    )

"""The ranking page's figures: drawn by matplotlib as SVG, coloured by the page.

Each figure carries its numbers as a table. Colours: one accent, lightness, line styles and markers
tell things apart; no meaning hangs on hue alone.

Reference: Dolan and Moré, "Benchmarking optimization software with performance profiles",
Mathematical Programming 91, 2002; White et al., "A Deeper Look at Zero-Cost Proxies for Lightweight
NAS", ICLR blog track 2022.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from zcnas.pages.drawing import ACCENT, BASE, RC, name_points, new_canvas, to_svg
from zcnas.pages.environment import format_tau

MAX_NAMED = 40
"""Entries a figure names; the ranking table has the numbers of all."""
MAX_PROFILES = 8


@dataclass(frozen=True)
class Standing:
    """One ranked entry as the figures see it: taus (K,), interval (2,), CPU seconds per query."""

    name: str
    score: float
    interval: Sequence[float]
    taus: NDArray[np.float64]
    cpu_s: float
    baseline: bool


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


def ranking_figures(
    standings: Sequence[Standing], benchmarks: Sequence[str], decimals: int
) -> list[Figure]:
    """Return the figures of the ranking page, for entries in the order of their rank.

    Taus among the numbers of a figure have ``decimals`` decimals.
    """
    if not standings:
        return []
    import matplotlib as mpl

    mpl.use("agg")
    with mpl.rc_context(RC), warnings.catch_warnings():
        # The browser draws the text, so it does not matter which letters matplotlib's font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figures = [_rank_plot(standings, decimals), _heatmap(standings, benchmarks)]
        if len(benchmarks) > 1:
            figures.append(_profile(standings, benchmarks))
        figures.append(_time(standings, decimals))
    return figures


def _rank_plot(standings: Sequence[Standing], decimals: int) -> Figure:
    shown = standings[:MAX_NAMED]
    canvas, axes = new_canvas(7.6, 1.0 + 0.3 * len(shown))
    for row, entry in enumerate(shown):
        colour = BASE if entry.baseline else ACCENT
        axes.plot(entry.interval, (row, row), color=colour, linewidth=2, solid_capstyle="butt")
        fill = "none" if entry.baseline else colour
        axes.plot(entry.score, row, "o", color=colour, markersize=5.5, markerfacecolor=fill)
    axes.set_yticks(range(len(shown)), [entry.name[:32] for entry in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlabel("score: mean tau-b, with its 95 % interval")
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    best = shown[0]
    return Figure(
        "ranks",
        "Scores and how sure they are",
        f"The score of each entry with its 95 % interval{_first_of(standings)}; "
        "baselines are hollow.",
        f"Rank plot of {len(shown)} entries; first is {best.name} with "
        f"{format_tau(best.score, 3)}, interval {_interval(best)}.",
        to_svg(canvas, "ranks"),
        ("entry", "score", "95 % interval"),
        tuple((_label(e), format_tau(e.score, decimals), _interval(e)) for e in shown),
    )


def _heatmap(standings: Sequence[Standing], benchmarks: Sequence[str]) -> Figure:
    import matplotlib as mpl

    shown = standings[:MAX_NAMED]
    values = np.array([entry.taus for entry in shown])
    letters = max(len(_label(entry)) for entry in shown)
    canvas, axes = new_canvas(
        1.5 + 0.085 * letters + 0.45 * len(benchmarks), 2.2 + 0.3 * len(shown)
    )
    colours = mpl.colormaps["cividis"]
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.01)
    image = axes.imshow(
        values, cmap=colours, vmin=low, vmax=high, aspect="auto", interpolation="none"
    )
    digits = 2 if len(benchmarks) <= 16 else 1
    for (row, column), value in np.ndenumerate(values):
        share = (value - low) / (high - low)
        text = format_tau(float(value), digits).replace("0.", ".", 1)
        shade = "#000000" if share > 0.55 else "#ffffff"
        axes.text(column, row, text, ha="center", va="center", color=shade, fontsize=9.5)
    axes.set_yticks(range(len(shown)), [_label(entry) for entry in shown])
    axes.set_xticks(range(len(benchmarks)), benchmarks, rotation=55, ha="right", fontsize=10)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    bar = canvas.colorbar(image, ax=axes, shrink=min(1.0, 3 / (0.3 * len(shown) + 1)), pad=0.02)
    bar.set_label("tau-b")
    bar.outline.set_visible(False)
    best_row, best_column = divmod(int(values.argmax()), len(benchmarks))
    return Figure(
        "heatmap",
        "Every tau",
        f"tau-b of each entry on each benchmark{_first_of(standings)}; lighter is higher.",
        f"Heatmap of {len(shown)} entries and {len(benchmarks)} benchmarks; taus from "
        f"{format_tau(float(values.min()), 2)} to {format_tau(float(values.max()), 2)}, the "
        f"highest by {shown[best_row].name} on {benchmarks[best_column]}.",
        to_svg(canvas, "heatmap"),
        ("entry", *benchmarks),
        tuple((_label(e), *(format_tau(float(tau), 3) for tau in e.taus)) for e in shown),
        wide=len(benchmarks) > 10,
    )


def _profile(standings: Sequence[Standing], benchmarks: Sequence[str]) -> Figure:
    best = np.max([entry.taus for entry in standings], axis=0)
    shown = standings[:MAX_PROFILES]
    deltas = np.linspace(0, max(float((best - e.taus).max()) for e in shown) * 1.02 + 1e-9, 400)
    canvas, axes = new_canvas(7.6, 4.0)
    for number, entry in enumerate(shown):
        reached = ((best - entry.taus)[None] <= deltas[:, None] + 1e-12).mean(axis=1)
        style = ("solid", "dashed", "dashdot", "dotted")[number % 4]
        colour = (ACCENT, BASE)[number // 4 % 2]
        axes.step(
            deltas, reached, where="post", color=colour, linestyle=style, linewidth=1.7,
            label=f"{number + 1}  {_label(entry)}",
        )  # fmt: skip
    axes.set_xlabel("δ: distance in tau-b from the best entry on each benchmark")
    axes.set_ylabel("share of benchmarks within δ")
    axes.set_ylim(0, 1.04)
    axes.set_xlim(0, float(deltas[-1]))
    axes.grid()
    axes.legend(frameon=False, fontsize=10, loc="center left", bbox_to_anchor=(1.01, 0.5))
    steps = (0.0, 0.02, 0.05, 0.1, 0.2)
    rows = []
    for entry in shown:
        gaps = best - entry.taus
        shares = (f"{100 * float((gaps <= step + 1e-12).mean()):.0f} %" for step in steps)
        rows.append((_label(entry), *shares))
    return Figure(
        "profile",
        "Performance profile",
        f"On which share of the {len(benchmarks)} benchmarks an entry comes within δ of the best "
        "entry there (after Dolan and Moré, Mathematical Programming 91, 2002, with differences "
        f"instead of ratios because tau crosses zero); the first {len(shown)} entries.",
        f"Performance profiles of {len(shown)} entries; {shown[0].name} is best on {rows[0][1]} "
        f"of the benchmarks and within 0.1 of the best on {rows[0][4]}.",
        to_svg(canvas, "profile"),
        ("entry", *(f"within {step:g}" for step in steps)),
        tuple(rows),
    )


def _time(standings: Sequence[Standing], decimals: int) -> Figure:
    from matplotlib.ticker import LogLocator, NullFormatter

    canvas, axes = new_canvas(7.6, 4.4)
    for baseline in (False, True):
        group = [entry for entry in standings if entry.baseline == baseline and entry.cpu_s > 0]
        if not group:
            continue  # nor a line of the legend
        colour = BASE if baseline else ACCENT
        axes.plot(
            [entry.cpu_s for entry in group],
            [entry.score for entry in group],
            "D" if baseline else "o",
            color=colour, markerfacecolor="none" if baseline else colour,
            markersize=5 if len(standings) < 200 else 2.5, alpha=0.85,
            label="baseline" if baseline else "entry", linestyle="none",
        )  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("CPU seconds per architecture, mean over all queries (log scale)")
    axes.set_ylabel("score: mean tau-b")
    axes.grid()
    if axes.get_legend_handles_labels()[0]:
        axes.legend(
            frameon=False, fontsize=10, loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=2
        )
    named = standings[:MAX_NAMED]
    if len(standings) <= MAX_NAMED:
        drawn = [entry for entry in named if entry.cpu_s > 0]
        places = [(entry.cpu_s, entry.score) for entry in drawn]
        name_points(canvas, axes, [entry.name[:24] for entry in drawn], places)
    times = [entry.cpu_s for entry in standings]
    return Figure(
        "time",
        "Time against score",
        "What a query costs and what it brings; further up and to the left is better.",
        f"Scatter of score against CPU time of {len(standings)} entries, from "
        f"{min(times):.3g} to {max(times):.3g} seconds per architecture.",
        to_svg(canvas, "time"),
        ("entry", "CPU s per architecture", "score"),
        tuple((_label(e), f"{e.cpu_s:.3g}", format_tau(e.score, decimals)) for e in named),
    )


def _label(entry: Standing) -> str:
    return f"{entry.name[:32]} (baseline)" if entry.baseline else entry.name[:32]


def _interval(entry: Standing) -> str:
    low, high = entry.interval
    return f"[{format_tau(low, 3)}, {format_tau(high, 3)}]"


def _first_of(standings: Sequence[Standing]) -> str:
    if len(standings) <= MAX_NAMED:
        return ""
    return f"; the first {MAX_NAMED} of {len(standings)}, the ranking table has all"

"""The figures of the analyses: heatmaps, curves and bars on white, as PNG and SVG.

Colours come from one perceptual map, and every heatmap writes its numbers, so no meaning hangs on
hue alone.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

STYLES = ("solid", "dashed", "dashdot", "dotted")
_LETTERS_UP = 40
"""How long a line of a label may be beside the upright axis of ``curves``."""
MARKERS = ("o", "s", "^", "D", "v", "x")
_RC: dict[Any, Any] = {
    "text.parse_math": False,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
}


def new_canvas(width: float, height: float) -> tuple[Canvas, Axes]:
    """Return an empty drawing of that many inches, and its axes."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(width, height), layout="constrained")
    return canvas, canvas.add_subplot()


def heatmap(frame: pd.DataFrame, label: str, limits: tuple[float, float] = (-1, 1)) -> Canvas:
    """Return a heatmap with a number in each cell; rows and columns in the frame's order."""
    import matplotlib as mpl

    values = frame.to_numpy(dtype=float)
    low, high = limits
    with mpl.rc_context(_RC):
        letters = max(len(str(name)) for name in frame.index)
        canvas, axes = new_canvas(
            1.6 + 0.07 * letters + 0.38 * len(frame.columns), 1.9 + 0.26 * len(frame)
        )
        colours = mpl.colormaps["RdBu_r" if low < 0 else "cividis"].with_extremes(bad="#eeeeee")
        shown = np.ma.masked_invalid(values)
        image = axes.imshow(shown, cmap=colours, vmin=low, vmax=high, aspect="auto")
        for (row, column), value in np.ndenumerate(values):
            if not math.isnan(value):
                red, green, blue, _ = colours((value - low) / (high - low))
                bright = 0.299 * red + 0.587 * green + 0.114 * blue > 0.55
                text = f"{value:.2f}".replace("0.", ".", 1)
                axes.text(
                    column, row, text, ha="center", va="center", fontsize=7,
                    color="#000000" if bright else "#ffffff",
                )  # fmt: skip
        axes.set_yticks(range(len(frame)), [str(name) for name in frame.index])
        axes.set_xticks(
            range(len(frame.columns)),
            [str(name) for name in frame.columns],
            rotation=60,
            ha="right",
        )
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
        bar = canvas.colorbar(image, ax=axes, pad=0.02)
        bar.set_label(label)
    return canvas


def curves(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    labels: tuple[str, str],
    *,
    steps: bool = False,
    bands: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
    log: bool = False,
) -> Canvas:
    """Return curves with a legend beside them; names to (x, y).

    Args:
        lines: What is drawn.
        labels: Of the two axes.
        steps: Draw staircases instead of lines with markers.
        bands: Names to the lower and upper end of an interval at every x.
        log: Draw x on a logarithmic scale.
    """
    import matplotlib as mpl

    with mpl.rc_context(_RC):
        canvas, axes = new_canvas(7.2, 3.8)
        colours = mpl.colormaps["viridis"](np.linspace(0, 0.85, max(len(lines), 2)))
        for number, (name, (x, y)) in enumerate(lines.items()):
            style = STYLES[number % len(STYLES)]
            draw = axes.step if steps else axes.plot
            extra: dict[str, Any] = (
                {"where": "post"}
                if steps
                else {"marker": MARKERS[number % len(MARKERS)], "markersize": 3.5}
            )
            draw(x, y, label=name, color=colours[number], linestyle=style, linewidth=1.5, **extra)
            if bands and name in bands:
                axes.fill_between(x, *bands[name], color=colours[number], alpha=0.2, linewidth=0)
        if log:
            axes.set_xscale("log")
        axes.set_xlabel(labels[0])
        axes.set_ylabel(textwrap.fill(labels[1], _LETTERS_UP))
        axes.grid()
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return canvas


def bars(frame: pd.DataFrame, label: str) -> Canvas:
    """Return groups of bars: one group per row of the frame, one bar per column."""
    import matplotlib as mpl

    with mpl.rc_context(_RC):
        canvas, axes = new_canvas(2.0 + 0.42 * len(frame), 3.8)
        width = 0.8 / len(frame.columns)
        colours = mpl.colormaps["viridis"](np.linspace(0, 0.85, len(frame.columns)))
        hatches = ("", "//", "..", "xx")
        for number, column in enumerate(frame.columns):
            places = np.arange(len(frame)) + (number - (len(frame.columns) - 1) / 2) * width
            axes.bar(
                places, frame[column].to_numpy(dtype=float), width, label=str(column),
                color=colours[number], hatch=hatches[number % len(hatches)], edgecolor="#ffffff",
            )  # fmt: skip
        axes.set_xticks(
            range(len(frame)), [str(name) for name in frame.index], rotation=60, ha="right"
        )
        axes.set_ylabel(label)
        axes.axhline(0, color="#000000", linewidth=0.6)
        axes.grid(axis="y")
        axes.set_axisbelow(True)
        axes.legend(frameon=False, ncols=len(frame.columns), loc="lower center",
                    bbox_to_anchor=(0.5, 1.0))  # fmt: skip
    return canvas

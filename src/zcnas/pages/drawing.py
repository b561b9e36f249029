"""How a figure is drawn by matplotlib and becomes part of a page.

matplotlib draws with placeholder colours, which become the page's variables, so a figure follows
dark mode and print. Text stays text, in the page's font.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

INK, SOFT, LINE, ACCENT, BASE = "#010203", "#040506", "#070809", "#0a0b0c", "#0d0e0f"
_VARIABLES = {
    INK: "currentColor",
    SOFT: "var(--soft)",
    LINE: "var(--line)",
    ACCENT: "var(--accent)",
    BASE: "var(--base)",
}
RC: dict[Any, Any] = {
    "text.parse_math": False,  # a name may hold dollars
    "svg.fonttype": "none",
    "svg.hashsalt": "zcnas",
    "font.size": 11,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}

LETTER, LINE_HEIGHT = 5.4, 11.0
"""Points that a letter of a name takes in a scatter, on average, and how high a line is."""


def new_canvas(width: float, height: float) -> tuple[Canvas, Axes]:
    """Return an empty drawing of that many inches, and its axes."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(width, height), layout="constrained")
    return canvas, canvas.add_subplot()


def to_svg(canvas: Canvas, name: str) -> Markup:
    """Return a drawing as inline SVG: the page's colours and font, no id that occurs twice."""
    target = io.StringIO()
    canvas.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
    text = target.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for placeholder, variable in _VARIABLES.items():
        text = text.replace(placeholder, variable)
    text = re.sub(r'(style="[^"]*?)font-family: [^;"]*(?:; )?', r"\1", text)  # the page's
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", text))
    text = re.sub(r' id="([^"]*)"', lambda m: f' id="{name}-{m[1]}"' if m[1] in used else "", text)
    text = re.sub(r"(url\(#|href=\"#)", rf"\1{name}-", text)
    text = re.sub(r"<!--.*?-->\s*|\n\s*", "", text, flags=re.DOTALL)
    text = re.sub(r' (width|height)="([\d.]+)pt"', r' \1="\2"', text, count=2)
    return Markup(text.replace("<svg ", '<svg aria-hidden="true" ', 1))


def name_points(
    canvas: Canvas, axes: Axes, names: Sequence[str], places: Sequence[tuple[float, float]]
) -> None:
    """Write names beside the points of a scatter, each where it covers least of the others.

    Args:
        canvas: The drawing, complete but for the names.
        axes: Its axes.
        names: One per point.
        places: In the data's units.
    """
    if not names:
        return
    canvas.draw_without_rendering()  # until then the axes have no place
    points = axes.transData.transform(list(places)) * 72 / canvas.dpi
    taken = [(x - 4, y - 4, x + 4, y + 4) for x, y in points]
    for name, place, (x, y) in zip(names, places, points, strict=True):
        width = LETTER * len(name)
        corners = [(x + 6, y - 3), (x - 6 - width, y - 3)]
        aside = (0, width / 2, -width / 2)
        corners += [(x + by - width / 2, y + up) for up in (6, -15) for by in aside]
        boxes = [(left, low, left + width, low + LINE_HEIGHT) for left, low in corners]
        best = min(boxes, key=lambda box: sum(_overlap(box, other) for other in taken))
        taken.append(best)
        axes.annotate(
            name, place, xytext=(best[0] - x, best[1] - y), textcoords="offset points", fontsize=9.5
        )


def _overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the area that two boxes (left, low, right, high) share."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(width, 0.0) * max(height, 0.0)

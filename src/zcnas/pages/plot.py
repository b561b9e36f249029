"""Figures that fit every window: SVG whose places are shares of its width and whose text is not.

A drawing has a fixed height and the width of its box; points and lines stand at percentages, names
keep their size, so a phone shows all of a figure in letters of the page's own size. Margins are the
box's padding, into which the drawing may reach. Colours and line widths are in ``figures.css``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

LETTER, LINE_HEIGHT = 7.6, 14.0
"""Pixels that a letter of a name takes in a figure, on average, and how high a line is."""
NARROW, USUAL = 190.0, 480.0
"""Widths in pixels, margins apart, at which names must not collide: a phone's, a column's."""
NICE_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Axis:
    """One direction of a figure, from ``low`` to ``high`` in the data's units."""

    low: float
    high: float
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """Return where a value stands, 0 to 1."""
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return (value - low) / (high - low) if high > low else 0.5

    def at(self, value: float) -> str:
        """Return where a value stands, as a percentage."""
        return percent(self.share(value))

    def ticks(self, about: int = 6) -> list[float]:
        """Return round values along the axis, some ``about`` of them."""
        if self.logarithmic:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            steps = (1,) if last - first > 3 else (1, 2, 5)
            values = [m * 10.0**e for e in range(first, last + 1) for m in steps]
            return [value for value in values if self.low <= value <= self.high]
        size = 10 ** math.floor(math.log10((self.high - self.low) / about))
        step = min(
            (nice * size for nice in NICE_STEPS),
            key=lambda each: abs((self.high - self.low) / each - about),
        )
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(number * step, 10) for number in range(first, last + 1)]


def axis_over(values: Iterable[float], margin: float = 0.04) -> Axis:
    """Return an axis on which all values have room."""
    known = list(values)
    low, high = min(known), max(known)
    room = margin * (high - low) or 0.05
    return Axis(low - room, high + room)


def drawing(
    parts: Iterable[str], height: float, *, left: float = 0, right: float = 0, below: float = 0
) -> Markup:
    """Return the parts of a drawing as one of that height, with margins in pixels."""
    body = "".join(parts)
    return Markup(
        f'<div class="fluid" style="padding:8px {right:.0f}px {below:.0f}px {left:.0f}px">'
        f'<svg width="100%" height="{height:.0f}" aria-hidden="true">{body}</svg></div>'
    )


def scale_below(axis: Axis, label: str) -> str:
    """Return an axis' lines, numbers and label; the numbers stand below the drawing."""
    parts = []
    ticks = axis.ticks()
    for number, value in enumerate(ticks):
        x, between = axis.at(value), " between" if number % 2 else ""
        parts.append(
            f'<line class="rule" x1="{x}" x2="{x}" y1="0" y2="100%"/>'
            f'<text class="tick{between}" x="{x}" y="100%" dy="17" text-anchor="middle">'
            f"{number_text(value)}</text>"
        )
    parts.append(
        f'<text class="label" x="50%" y="100%" dy="37" text-anchor="middle">{escape(label)}</text>'
    )
    return "".join(parts)


def scale_beside(axis: Axis, label: str) -> str:
    """Return the lines and numbers of an axis that rises; its label stands above the drawing."""
    parts = []
    for value in axis.ticks(5):
        y, text = percent(1 - axis.share(value)), number_text(value)
        parts.append(
            f'<line class="rule" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
            f'<text class="tick" x="-8" y="{y}" dy="4" text-anchor="end">{text}</text>'
        )
    parts.append(f'<text class="label" x="-38" y="-10">{escape(label)}</text>')
    return "".join(parts)


def text_width(text: str) -> float:
    """Return about how many pixels a name takes."""
    return LETTER * len(text)


def shortened(name: str, letters: int) -> str:
    """Return a name of at most that many letters."""
    return name if len(name) <= letters else name[: letters - 1] + "…"


def percent(share: float) -> str:
    """Return a share as SVG writes it."""
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + "%"


def number_text(value: float) -> str:
    """Return a tick's number with a real minus sign."""
    return f"{value:g}".replace("-", "−")


def place_names(
    names: Sequence[str], shares: Sequence[tuple[float, float]], height: float
) -> list[str]:
    """Return names beside the points of a scatter, none across another or a point.

    A name that finds room in a column's width only is left out on a phone, one that finds none is
    left out; the figure's numbers and the details of a point tell all of them.

    Args:
        names: One per point, the most important first.
        shares: Where the points stand, (0 to 1 from the left, 0 to 1 from the top).
        height: Of the drawing in pixels.
    """
    placed: list[str] = [""] * len(names)
    for width, kind in ((NARROW, ""), (USUAL, " roomy")):
        points = [(x * width, y * height) for x, y in shares]
        taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in points]
        for number, (name, point) in enumerate(zip(names, points, strict=True)):
            if placed[number] and kind:
                taken.append(_box(point, text_width(name), _SIDES[_side_of(placed[number])]))
                continue
            for side, offsets in _SIDES.items():
                box = _box(point, text_width(name), offsets)
                inside = box[0] > -30 and box[2] < width + 4 and box[1] > -6
                if inside and not any(_meet(box, other) for other in taken):
                    taken.append(box)
                    placed[number] = _name(name, shares[number], side, kind)
                    break
    return placed


_SIDES = {"start": (9.0, 4.0), "end": (-9.0, 4.0), "middle": (0.0, -10.0)}
"""Anchor of a name to its offset from the point, in pixels."""


def _side_of(text: str) -> str:
    return next(side for side in _SIDES if f'text-anchor="{side}"' in text)


def _name(name: str, share: tuple[float, float], side: str, kind: str) -> str:
    dx, dy = _SIDES[side]
    return (
        f'<text class="name{kind}" x="{percent(share[0])}" y="{percent(share[1])}" dx="{dx:.0f}" '
        f'dy="{dy:.0f}" text-anchor="{side}">{escape(name)}</text>'
    )


Box = tuple[float, float, float, float]


def _box(point: tuple[float, float], width: float, offsets: tuple[float, float]) -> Box:
    x, y = point[0] + offsets[0], point[1] + offsets[1]
    left = x if offsets[0] > 0 else x - width if offsets[0] < 0 else x - width / 2
    return left, y - LINE_HEIGHT + 3, left + width, y + 3


def _meet(one: Box, other: Box) -> bool:
    across = min(one[2], other[2]) > max(one[0], other[0])
    return across and min(one[3], other[3]) > max(one[1], other[1])

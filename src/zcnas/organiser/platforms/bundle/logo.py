"""Draws the competition's logo: a cell of four nodes above a bar chart of a ranking."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

SIZE = 400
_SCALE = 4
"""Drawn larger and scaled down, which smooths the edges."""
_BACKGROUND, _EDGE, _NODE, _BAR, _BEST = "#12324a", "#7fb4d6", "#f4f7f9", "#4e86ab", "#f2b134"

_NODES = ((70, 120), (165, 60), (165, 180), (260, 120))
_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
_BARS = (70, 105, 45, 140, 90)
"""Heights of the bars; the tallest is the network that training would rank first."""


def draw_logo() -> bytes:
    """Return the logo as a 400×400 PNG, always the same bytes."""
    image = Image.new("RGB", (SIZE * _SCALE, SIZE * _SCALE), _BACKGROUND)
    pen = ImageDraw.Draw(image)
    nodes = [((x + 35) * _SCALE, y * _SCALE) for x, y in _NODES]
    for start, end in _EDGES:
        pen.line([nodes[start], nodes[end]], fill=_EDGE, width=6 * _SCALE)
    for x, y in nodes:
        radius = 20 * _SCALE
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=_NODE)
    for number, height in enumerate(_BARS):
        left, bottom = (75 + 54 * number) * _SCALE, 370 * _SCALE
        colour = _BEST if height == max(_BARS) else _BAR
        pen.rectangle([left, bottom - height * _SCALE, left + 36 * _SCALE, bottom], fill=colour)
    buffer = io.BytesIO()
    image.resize((SIZE, SIZE), Image.Resampling.LANCZOS).save(buffer, "PNG")
    return buffer.getvalue()

"""What the papers print, to stand beside ours: ``paper/*.json``, typed off their text."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).parent / "paper"

Paper = Literal["suite_zero", "deeper_look"]


@functools.cache
def printed(paper: Paper) -> dict[str, Any]:
    """Return the printed figures and tables of a paper; ``source`` cites it."""
    content: dict[str, Any] = json.loads((FOLDER / f"{paper}.json").read_text())
    return content

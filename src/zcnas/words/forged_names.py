"""The names of forged datasets, which say all that a network has to know of one.

    forged_digits            12×12×3, ten classes, networks of 8 channels and one cell per stage
    forged_birds_s16k37w16   16×16×3, 37 classes, networks of 16 channels
    forged_a_rec             12×12×3, to be reconstructed
    forged_a_seg             12×12×3, ten classes on a ground, to be segmented

A forged benchmark is known wherever its key is: no program needs a list of them, neither in a
container nor on a platform. What the images are, and which accuracy belongs to which architecture,
no name tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

PREFIX = "forged_"
NAME_FORM = r"[a-z][a-z0-9]*"
"""What a forge may be called."""
Task = Literal["classify", "reconstruct", "segment"]
TASK_CODES: dict[Task, str] = {"classify": "", "reconstruct": "rec", "segment": "seg"}
"""What a dataset's name says of a task."""
DENSE_STRIDE = 4
"""Of the networks: the side of an image with a dense task is a multiple of it."""
_NAME = re.compile(
    rf"{PREFIX}(?P<name>{NAME_FORM})"
    r"(?:_(?P<code>(?P<task>rec|seg)?(?:s(?P<side>\d{1,3}))?(?:c(?P<planes>\d))?(?:k(?P<classes>\d{1,4}))?"
    r"(?:w(?P<channels>\d{1,3}))?(?:n(?P<cells>\d{1,2}))?))?"
)


@dataclass(frozen=True)
class ForgedName:
    """What the name of a forged dataset says.

    Attributes:
        name: What the forge is called.
        side: H and W of an image.
        planes: C of an image.
        classes: Of images or, where they are segmented, of what is on a ground.
        channels: Of the first stage of a network.
        cells: Of each of its three stages.
    """

    name: str
    side: int = 12
    planes: int = 3
    classes: int = 10
    channels: int = 8
    cells: int = 1
    task: Task = "classify"

    def __str__(self) -> str:
        """Return the dataset's name; what is usual is left out."""
        usual = ForgedName(self.name)
        code = TASK_CODES[self.task] + "".join(
            f"{letter}{getattr(self, field)}"
            for letter, field in _FIELDS
            if getattr(self, field) != getattr(usual, field)
        )
        return f"{PREFIX}{self.name}" + (f"_{code}" if code else "")


_FIELDS = (("s", "side"), ("c", "planes"), ("k", "classes"), ("w", "channels"), ("n", "cells"))


def parse_forged_name(dataset: str) -> ForgedName | None:
    """Return what the name of a forged dataset says; None for any other name.

    Only the name that ``str`` would write is one: two names never mean one dataset.
    """
    match = _NAME.fullmatch(dataset)
    if match is None:
        return None
    said = {field: int(match[field]) for _, field in _FIELDS if match[field] is not None}
    task = next(task for task, code in TASK_CODES.items() if code == (match["task"] or ""))
    found = ForgedName(match["name"], **said, task=task)
    return found if _is_usable(found) and str(found) == dataset else None


def _is_usable(found: ForgedName) -> bool:
    """Return whether there can be such networks."""
    least = min(found.side // 4, found.planes, found.classes - 1, found.channels, found.cells)
    fits = found.task == "classify" or found.side % DENSE_STRIDE == 0
    in_colour = found.task != "reconstruct" or found.planes == 3
    return least > 0 and fits and in_colour

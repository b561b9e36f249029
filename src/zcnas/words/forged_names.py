"""The names of forged datasets, which say all that a network has to know of one.

    forged_digits            12×12×3, ten classes, networks of 8 channels and one cell per stage
    forged_birds_s16k37w16   16×16×3, 37 classes, networks of 16 channels

A forged benchmark is known wherever its key is: no program needs a list of them, neither in a
container nor on a platform. What the images are, and which accuracy belongs to which architecture,
no name tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = "forged_"
NAME_FORM = r"[a-z][a-z0-9]*"
"""What a forge may be called."""
_NAME = re.compile(
    rf"{PREFIX}(?P<name>{NAME_FORM})"
    r"(?:_(?P<code>(?:s(?P<side>\d{1,3}))?(?:c(?P<planes>\d))?(?:k(?P<classes>\d{1,4}))?"
    r"(?:w(?P<channels>\d{1,3}))?(?:n(?P<cells>\d{1,2}))?))?"
)


@dataclass(frozen=True)
class ForgedName:
    """What the name of a forged dataset says.

    Attributes:
        name: What the forge is called.
        side: H and W of an image.
        planes: C of an image.
        classes: K.
        channels: Of the first stage of a network.
        cells: Of each of its three stages.
    """

    name: str
    side: int = 12
    planes: int = 3
    classes: int = 10
    channels: int = 8
    cells: int = 1

    def __str__(self) -> str:
        """Return the dataset's name; what is usual is left out."""
        usual = ForgedName(self.name)
        code = "".join(
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
    found = ForgedName(match["name"], **said)
    usable = min(found.side // 4, found.planes, found.classes - 1, found.channels, found.cells) > 0
    return found if usable and str(found) == dataset else None

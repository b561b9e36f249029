"""Images for forged benchmarks: made under a secret seed, or the organiser's own.

Nothing of them can be derived without the seed: not which digits are for validation, not what is
drawn of them, not the labels of synthetic images.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from zcnas.errors import UsageError
from zcnas.forge.images import clutter, gaussian, own
from zcnas.forge.images.splits import ForgedImages
from zcnas.forge.plan import CLUTTER, SYNTHETIC, ForgePlan
from zcnas.words.seeds import derive_seed

__all__ = ["ForgedImages", "make_images"]


def make_images(plan: ForgePlan) -> ForgedImages:
    """Return a forge's images; the same whenever it is asked.

    Raises:
        InputDataError: The organiser's own images cannot be read.
        UsageError: They are no longer those that the forge began with.
    """
    rng = np.random.default_rng(derive_seed(plan.seed, "images"))
    named, target = plan.named, plan.benchmark.dataset.target
    if plan.data == CLUTTER:
        return clutter.make_clutter(rng, named.side, named.planes, target)
    if plan.data == SYNTHETIC:
        return gaussian.make_gaussian(rng, named.side, named.planes, named.classes)
    found = own.read_own(Path(plan.data))
    if own.digest(found) != plan.data_sha256:
        raise UsageError(
            f"{plan.data} is not what forge '{plan.name}' began with: its images or labels have "
            "changed; restore them, or begin another forge"
        )
    return dataclasses.replace(own.split(found, rng), target=target)

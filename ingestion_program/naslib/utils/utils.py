"""Seeds, and what a submission has no use for here, with the reason."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch


def set_seed(seed: int) -> None:
    """Seed the global generators of Python, numpy and torch."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def get_project_root() -> Path:
    """Return the folder that holds this package; there is no data in it."""
    return Path(__file__).parents[1]


def get_train_val_loaders(config: Any = None, mode: str = "train") -> NoReturn:
    """Refuse: no dataset is mounted where a query runs.

    Raises:
        RuntimeError: Always, with the way on.
    """
    raise RuntimeError(
        "get_train_val_loaders is not available here: no dataset is; take minibatches from the "
        "dataloader that query(self, graph, dataloader) is given"
    )

"""The global generators that a predictor or a network's initialisation may use."""

from __future__ import annotations

import random

import numpy as np
import torch

_FOR_RANDOM, _FOR_NUMPY = random.seed, np.random.seed
_FOR_TORCH = torch.default_generator.manual_seed  # torch.manual_seed also looks for accelerators
"""Taken when this module is imported: a submission may replace the names by numbers."""


def seed_everything(seed: int) -> None:
    """Seed every global generator that a predictor or a network's initialisation may use."""
    _FOR_RANDOM(seed)
    _FOR_NUMPY(seed % 2**32)
    _FOR_TORCH(seed)

"""A small graph network that learns which of two architectures is better.

    P(a ≻ b) = σ(f(a) − f(b)),   H ← ReLU(H W + Â H W₁ + Âᵀ H W₂),   f = mean of H · w

Â is the adjacency with its rows divided by their sums, so a vertex sees what it feeds and what
feeds it.

Reference: Dudziak et al., "BRP-NAS: Prediction-based NAS using GCNs", NeurIPS 2020,
arXiv:2007.08668. Theirs has four layers of 600 units and a classifier on two embeddings; ours has
three of 32 and the difference of two scores, which is a total order and learns from ten models.
Needs torch.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from zcnas.searches.candidates import Floats, Places
from zcnas.searches.graphs import OperationGraph, matrices

LAYERS = 3
UNITS = 32
STEPS = 80
LEARNING_RATE = 0.01
WEIGHT_DECAY = 5e-4
FLOOR = 1e-6
"""Difference of accuracies below which a pair says nothing."""


class GraphNetwork:
    """Learns an order of candidates from some of them, from new weights each time.

    Args:
        graphs: All N candidates.
    """

    def __init__(self, graphs: Sequence[OperationGraph]) -> None:
        adjacency, labels = (torch.from_numpy(array) for array in matrices(graphs))
        self._feeds = _row_normalised(adjacency)
        self._fed_by = _row_normalised(adjacency.transpose(1, 2))
        self._labels = labels
        self._filled = labels.sum(dim=2, keepdim=True)

    def rank(self, places: Places, accuracies: Floats, rng: random.Random) -> Floats:
        """Return (N,) scores of all candidates, learned from some; only their order means anything.

        Args:
            places: (n,), the candidates to learn from.
            accuracies: (n,), theirs.
            rng: Where the initial weights come from.
        """
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # matrices so small that threads wait for each other
        try:
            return self._rank(places, accuracies, rng)
        finally:
            torch.set_num_threads(threads)

    def _rank(self, places: Places, accuracies: Floats, rng: random.Random) -> Floats:
        generator = torch.Generator().manual_seed(rng.getrandbits(63))
        weights = self._new_weights(generator)
        optimiser = torch.optim.AdamW(weights, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        truth = torch.from_numpy(accuracies)
        sign = (truth[:, None] - truth[None, :]).float()
        better = sign > FLOOR
        chosen = torch.from_numpy(places)
        if better.any():
            for _ in range(STEPS):
                own = self._scores(weights, chosen)
                loss = nn.functional.softplus(own[None, :] - own[:, None])[better].mean()
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
        with torch.no_grad():
            return self._scores(weights, slice(None)).numpy().astype(np.float64)

    def _new_weights(self, generator: torch.Generator) -> list[Tensor]:
        """Return the weights of every layer, three matrices each, and the last vector."""
        weights, width = [], self._labels.shape[2]
        for _ in range(LAYERS):
            for _ in range(3):
                drawn = torch.randn(width, UNITS, generator=generator)
                weights.append((drawn * (2 / (3 * width)) ** 0.5).requires_grad_())
            width = UNITS
        weights.append((torch.randn(UNITS, generator=generator) * UNITS**-0.5).requires_grad_())
        return weights

    def _scores(self, weights: Sequence[Tensor], places: Tensor | slice) -> Tensor:
        feeds, fed_by = self._feeds[places], self._fed_by[places]
        hidden, filled = self._labels[places], self._filled[places]
        for layer in range(LAYERS):
            own, forward, backward = weights[3 * layer : 3 * layer + 3]
            hidden = hidden @ own + feeds @ (hidden @ forward) + fed_by @ (hidden @ backward)
            hidden = torch.relu(hidden) * filled
        return (hidden.sum(dim=1) / filled.sum(dim=1)) @ weights[-1]


def _row_normalised(adjacency: Tensor) -> Tensor:
    return adjacency / adjacency.sum(dim=2, keepdim=True).clamp(min=1)

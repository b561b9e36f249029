"""What AZ-NAS measures in the features that enter and leave the cells of a network."""

import torch
from torch import nn


def entropy(features):
    """Return -Σ p ln p, p the eigenvalues of the channels' covariance as shares of their sum."""
    rows = features.movedim(1, -1).flatten(0, -2)
    values = torch.linalg.eigvalsh(torch.cov(rows.T, correction=0)).clamp(min=0)
    shares = values / values.sum()
    return torch.nan_to_num(-(shares * (shares + 1e-8).log()).sum(), nan=-torch.inf).item()


def trainability(before, after):
    """Return 2 - s - 1/s, s the spectral norm of how a cell carries random signs back.

    It is greatest for s = 1. A cell that hands its input on unchanged is no cell: minus infinity.
    """
    signs = torch.randint_like(after, 2) * 2 - 1
    (back,) = torch.autograd.grad(after, before, signs)
    if back.shape == signs.shape and torch.equal(back, signs):
        return -torch.inf
    back = nn.functional.pixel_unshuffle(back, back.shape[-1] // signs.shape[-1])
    rows, columns = (each.movedim(1, -1).flatten(0, -2) for each in (back, signs))
    norm = torch.linalg.matrix_norm(rows.T @ columns / len(rows), 2).item()
    return 2 - norm - 1 / (norm + 1e-6)

"""The formula that ranks networks without labels, in one of three forms.

    nwot + ½ macs + 1½ z(longest − 4 pools)   networks that differ in what is between halvings
    nwot + ½ macs                             networks that differ in how often they halve the side
    nwot − 4 shortest                         networks that shall give their image back

Every part is standardised (z) over the networks of a benchmark. Where they differ in how often they
halve the side, a longer path is paid for in width or resolution and says little. An image comes
back best over a short path.
"""

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Weights:
    """Of the parts beside ``nwot``, as timings/choose_reference.py chose them."""

    macs: float = 0.5
    shape: float = 1.5
    pools: float = 4.0
    shortest: float = 4.0


CHOSEN = Weights()


def formula(answers, weights=CHOSEN):
    """Return a score per network, the higher the better.

    Args:
        answers: What ``query`` returned, one dict per network: ``nwot``, ``macs``, the numbers of
            its paths, ``alive`` and ``reconstructs``.
        weights: Of the parts.
    """
    nwot, macs, longest, shortest, pools = (
        standard([answer[part] for answer in answers])
        for part in ("nwot", "macs", "longest", "shortest", "pools")
    )
    if answers[0]["reconstructs"]:
        return nwot - weights.shortest * shortest
    score = nwot + weights.macs * macs
    if len({answer["halvings"] for answer in answers if answer["alive"]}) > 1:
        return score
    return score + weights.shape * standard(longest - weights.pools * pools)


def standard(values):
    """Return values less their mean over their deviation; minus infinity counts as the least."""
    values = np.array(values, dtype=float)
    finite = values[np.isfinite(values)]
    values = np.maximum(values, finite.min() if finite.size else 0)
    return (values - values.mean()) / (values.std() or 1)


def reconstructs(inputs, targets):
    """Return whether the targets are the images themselves, but for a scale and a shift."""
    if inputs.shape != targets.shape:
        return False
    both = torch.stack([inputs.flatten(), targets.flatten()])
    return bool(torch.corrcoef(both.double())[0, 1] > 0.9)

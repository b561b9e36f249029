"""``vote``: the majority vote of three proxies on each pair of architectures.

    vote_i = Σ_{j ≠ i} [most proxies score i above j] + ½ [as many below as above]

The proxies are synflow, jacov and snip. A vote compares architectures with each other, so it is not
a proxy, which scores a single architecture: it needs a table of scores. Dimension letter: N
architectures.

Reference: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, arXiv:2101.08134,
section 4 (there a procedure that picks a winner; here a ranking by number of wins).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

VOTERS = ("synflow", "jacov", "snip")


def vote(
    scores: Mapping[str, Sequence[float | None]], voters: Sequence[str] = VOTERS
) -> list[float]:
    """Return the votes for each architecture, 0 to N − 1; higher is better.

    Args:
        scores: Maps a proxy to one score per architecture, all in the same order; ``None`` is a
            failure and ranks below every score.
        voters: The proxies that vote; each has one vote per pair, and abstains on equal scores.

    Raises:
        KeyError: A voter has no scores.
        ValueError: The voters have different numbers of scores.
    """
    columns = [[-np.inf if s is None else s for s in scores[name]] for name in voters]
    if len({len(column) for column in columns}) != 1:
        sizes = ", ".join(f"{name} {len(scores[name])}" for name in voters)
        raise ValueError(f"the voters have different numbers of scores: {sizes}")
    balance = np.zeros((len(columns[0]),) * 2, dtype=np.int64)
    for name, column in zip(voters, columns, strict=True):
        valid = np.array([s is not None for s in scores[name]])
        values = np.array(column)
        above = (values[:, None] > values) | (valid[:, None] & ~valid)
        balance += above.astype(np.int64) - above.T
    wins = (balance > 0).sum(axis=1) + 0.5 * ((balance == 0).sum(axis=1) - 1)
    return [float(count) for count in wins]

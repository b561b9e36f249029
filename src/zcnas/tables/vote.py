"""``vote``: which architectures most of three proxies prefer, pair by pair.

    vote_i = Σ_{j ≠ i} [most of the proxies score i above j] + ½ [as many below as above]

The proxies are synflow, jacov and snip. A vote compares architectures with each other, so it is no
number of one architecture and no proxy: it needs a table of scores. Dimension letter: N
architectures.

Reference: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021, arXiv:2101.08134,
section 4 (there as a procedure that picks a winner; here, by counting wins, as a ranking).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

VOTERS = ("synflow", "jacov", "snip")


def vote(
    scores: Mapping[str, Sequence[float | None]], voters: Sequence[str] = VOTERS
) -> list[float]:
    """Return the votes of each architecture, 0 to N − 1; higher = better.

    Args:
        scores: By proxy, one score per architecture, in one order; ``None`` is a failure, below
            every score.
        voters: The proxies that vote; each has one vote per pair, and none on equal scores.

    Raises:
        KeyError: A voter has no scores.
        ValueError: The voters' scores are not equally many.
    """
    columns = [[-np.inf if s is None else s for s in scores[name]] for name in voters]
    if len({len(column) for column in columns}) != 1:
        sizes = ", ".join(f"{name} {len(scores[name])}" for name in voters)
        raise ValueError(f"the voters score differently many architectures: {sizes}")
    balance = np.zeros((len(columns[0]),) * 2, dtype=np.int64)
    for name, column in zip(voters, columns, strict=True):
        valid = np.array([s is not None for s in scores[name]])
        values = np.array(column)
        above = (values[:, None] > values) | (valid[:, None] & ~valid)
        balance += above.astype(np.int64) - above.T
    wins = (balance > 0).sum(axis=1) + 0.5 * ((balance == 0).sum(axis=1) - 1)
    return [float(count) for count in wins]

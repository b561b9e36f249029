"""What the ranking needs to compare any two entries: how sure each difference of scores is.

A difference's standard error is that of the same resamples, so that what two entries have in common
cancels; the page's script makes the interval from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from zcnas.judging.outcomes import Analysis
from zcnas.pages.views import pack

MAX_COMPARED = 300
"""Ranked entries whose differences have an interval: every two of them are a number."""
ERROR_UNIT = 1e-5


def pack_differences(analysis: Analysis, rows: Sequence[int], anchors: Sequence[str]) -> Markup:
    """Return the first entries' scores, and the error of every difference, packed.

    Args:
        analysis: Of all entries.
        rows: Of the ranked entries, the best first.
        anchors: Ids of their rows on the page.
    """
    kept = list(rows[:MAX_COMPARED])
    errors = paired_errors(analysis.resampled_means[kept])
    upper = errors[np.triu_indices(len(kept), 1)]
    return pack(
        [
            {"row": list(anchors[: len(kept)]), "score": analysis.means[kept].round(6).tolist()},
            {"error": np.rint(upper / ERROR_UNIT).astype(int).tolist()},
        ]
    )


def paired_errors(resampled: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the standard error of every difference, (S, S), of means (S, R) in the same resamples.

    √(Var i + Var j − 2 Cov(i, j)), as ``statistics.paired_differences`` has for one leader.
    """
    centred = resampled.astype(np.float64)
    centred -= centred.mean(axis=1, keepdims=True)
    together = centred @ centred.T / max(centred.shape[1], 1)
    variances = np.diag(together)
    squared = variances[:, None] + variances[None, :] - 2 * together
    errors: NDArray[np.float64] = np.sqrt(np.maximum(squared, 0))
    return errors

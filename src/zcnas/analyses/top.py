"""What a proxy's highest scores find: Precision@K and BestRanking@K.

Reference: Ning et al., "Evaluating Efficient Performance Estimators of Neural Architectures",
NeurIPS 2021; Krishnakumar et al., NeurIPS 2022, appendix C.1, figures 8 and 9.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zcnas.analyses.study import Column, Study
from zcnas.judging.secondary_metrics import top_k_precision
from zcnas.judging.statistics import rank_scores

SIZES = (5, 25, 100)


def top_table(studies: Sequence[Study]) -> pd.DataFrame:
    """Return Precision@K and BestRanking@K of every proxy on every benchmark."""
    rows = []
    for study in studies:
        for name in study.names:
            column = study.column(name)
            truth = rank_scores(column.accuracy.tolist())
            row: dict[str, object] = {
                "benchmark": study.key,
                "proxy": name,
                "architectures": len(column),
            }
            for k in SIZES:
                inside = k < len(column) and not column.is_constant
                row[f"precision@{k}"] = (
                    top_k_precision(column.ranks, truth, k) if inside else np.nan
                )
                row[f"best_ranking@{k}"] = best_ranking(column, k) if inside else np.nan
            rows.append(row)
    return pd.DataFrame(rows)


def best_ranking(column: Column, k: int) -> float:
    """Return the place by accuracy (1 the best) of the best of the K highest scores, over N.

    Equal scores are taken in the order of the architectures' strings.
    """
    taken = _best(column.ranks, k)
    places = np.argsort(np.argsort(-column.accuracy, kind="stable"), kind="stable") + 1
    return float(places[taken].min()) / len(column)


def _best(ranks: NDArray[np.int32], k: int) -> NDArray[np.int64]:
    return np.argsort(-ranks, kind="stable")[:k]

"""What a proxy's highest scores find: Precision@K, BestRanking@K, nDCG and regret.

Reference: Ning et al., "Evaluating Efficient Performance Estimators of Neural Architectures",
NeurIPS 2021; Krishnakumar et al., NeurIPS 2022, appendix C.1, figures 8 and 9.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zcnas.analyses.study import Column, Study
from zcnas.judging.secondary_metrics import (
    best_of_top,
    ndcg,
    top_k,
    top_k_precision,
    top_k_regret,
)
from zcnas.judging.statistics import rank_scores

SIZES = (5, 25, 100)
TRAINED = 10
"""How many networks a search trains that takes the highest scores."""
BEST, REGRET, NDCG = "best of top 10", "regret@10", "ndcg@10%"


def top_table(studies: Sequence[Study]) -> pd.DataFrame:
    """Return what the highest scores of every proxy find on every benchmark."""
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
            row |= _search(column)
            rows.append(row)
    return pd.DataFrame(rows)


def _search(column: Column) -> dict[str, float]:
    """Return the best of the ten highest scores, its regret, and nDCG of the best tenth."""
    if column.is_constant:
        return dict.fromkeys((BEST, REGRET, NDCG), np.nan)
    return {
        BEST: best_of_top(column.ranks, column.accuracy, TRAINED),
        REGRET: top_k_regret(column.ranks, column.accuracy, TRAINED),
        NDCG: ndcg(column.ranks, column.accuracy, top_k(len(column))),
    }


def best_ranking(column: Column, k: int) -> float:
    """Return the place by accuracy (1 the best) of the best of the K highest scores, over N.

    Equal scores are taken in the order of the architectures' strings.
    """
    taken = _best(column.ranks, k)
    places = np.argsort(np.argsort(-column.accuracy, kind="stable"), kind="stable") + 1
    return float(places[taken].min()) / len(column)


def _best(ranks: NDArray[np.int32], k: int) -> NDArray[np.int64]:
    return np.argsort(-ranks, kind="stable")[:k]

"""How well do a few epochs of training order architectures, beside proxies that train nothing?

Spearman's rho with the accuracy after all epochs, and what one evaluation costs. The published
tables have short trainings of NAS-Bench-101 (4, 12, 36 of 108 epochs) and, in NATS-Bench's files,
of NAS-Bench-201 (12 of 200).

Reference: Zhou et al., "EcoNAS", CVPR 2020, arXiv:2001.01233; Abdelfattah et al., "Zero-Cost
Proxies for Lightweight NAS", ICLR 2021, arXiv:2101.08134, section 4.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from zcnas.analyses.correlation import spearman, spearman_interval
from zcnas.analyses.result import Result, TableOf
from zcnas.analyses.study import Study
from zcnas.benchmarks import Benchmark
from zcnas.errors import TableError
from zcnas.tables import zero_cost_scores
from zcnas.tables.reduced_training import ReducedTraining, load_reduced

NAME = "reduced-training"
QUESTION = "How well do a few epochs order architectures, beside proxies, and at what cost?"

TYPICAL_PROXY_S = {"nasbench101": 11.2 / 13}
"""CPU seconds of one proxy on a typical network where our table has none: all thirteen together
(``docs/costs.md``, batch 16), divided by their number."""


def analyse(studies: Sequence[Study]) -> Result:
    """Return rho and the cost of reduced trainings and proxies, where a table has both."""
    result = Result(
        NAME,
        "Reduced training beside proxies",
        QUESTION,
        tuple(study.key for study in studies),
        {study.key: study.table.sha256 for study in studies},
    )
    rows = [row for study in studies for row in _rows(study)]
    table = pd.DataFrame(rows, columns=[*_COLUMNS])
    result.tables.append(TableOf("costs", "Order and cost of one evaluation", table, _TEXT))
    for row in table.to_dict(orient="records"):
        if row["of"]:
            result.findings.append(
                f"{row['benchmark']}: {row['proxy']} of {row['of']} orders "
                f"{row['architectures']} architectures with rho {row['spearman']:.3f}"
            )
    if not result.findings:
        result.findings.append("no table of these benchmarks has reduced trainings")
    return result


_COLUMNS = ("benchmark", "proxy", "of", "architectures", "spearman", "low", "high", "seconds")
_TEXT = (
    "Spearman's rho with the validation accuracy after all epochs, with 95 % intervals. Seconds of "
    "one evaluation, on average: of proxies one CPU core's, all of them computed together and "
    "divided by their number; of NAS-Bench-101's trainings one CPU "
    "core's on a typical network; of NATS-Bench's those its files tell, on a graphics card. The "
    "proxies were evaluated on fewer architectures than were trained."
)


def _rows(study: Study) -> Iterator[dict[str, Any]]:
    """Yield a row per reduced training, then per proxy; nothing if there is no such training."""
    short = _reduced(study)
    for each in short:
        texts = sorted(each.accuracies)
        own = np.array([each.accuracies[text] for text in texts])
        full = np.array([each.full_accuracies[text] for text in texts])
        seconds = float(np.mean([each.seconds[text] for text in texts]))
        yield _row(study.benchmark, each.name, each.full, spearman(own, full), len(own), seconds)
    if short:
        took = _proxy_seconds(study)
        for name in study.names:
            column = study.column(name)
            rho = spearman(column.ranks, column.accuracy)
            seconds = took.get(name, float("nan"))
            yield _row(study.benchmark, name, 0, rho, len(column), seconds)


def _reduced(study: Study) -> tuple[ReducedTraining, ...]:
    with contextlib.suppress(TableError):
        return load_reduced(study.benchmark, study.folder)
    return ()


def _proxy_seconds(study: Study) -> Mapping[str, float]:
    with contextlib.suppress(TableError):
        rows = list(zero_cost_scores.read_scores(study.key).values())
        names = [name for name in rows[0] if name != zero_cost_scores.SECONDS]
        mean = float(np.mean([row[zero_cost_scores.SECONDS] for row in rows]))
        return dict.fromkeys(names, mean / len(names))
    seconds = TYPICAL_PROXY_S.get(study.benchmark.search_space)
    return {} if seconds is None else dict.fromkeys(study.names, seconds)


def _row(
    benchmark: Benchmark, name: str, full: int, rho: float, size: int, seconds: float
) -> dict[str, Any]:
    low, high = spearman_interval(rho, size)
    values = (benchmark.key, name, full or "", size, rho, low, high, seconds)
    return dict(zip(_COLUMNS, values, strict=True))

"""Searches beside each other: curves, tables, findings, as one ``Result`` of the analyses."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zcnas.analyses import figures
from zcnas.analyses.result import Drawing, Result, TableOf
from zcnas.searches.candidates import Floats
from zcnas.searches.curves import (
    curve,
    interval,
    paired_test,
    reached,
    speed_up,
)
from zcnas.searches.running import SearchRecord
from zcnas.searches.time_comparison import NOT_REACHED, Searches, add_time, axis_label
from zcnas.searches.trials import Trial

BELOW_BEST = 0.5
"""The default target: so far below the best candidate, in the unit of the table."""


@dataclass(frozen=True)
class Summary:
    """What came of one search.

    Attributes:
        search: Its name.
        benchmark: What was searched.
        trials: How many.
        models: Trained models of a trial, on average.
        test: The mean reported accuracy at the end.
        test_interval: Its 95 % interval.
        best_possible: The best candidate's.
        proxy_evaluations: Scores paid for by a trial, on average.
        proxy_s: Their CPU seconds.
        cpu_s: CPU seconds of all trials.
    """

    search: str
    benchmark: str
    trials: int
    models: float
    test: float
    test_interval: tuple[float, float]
    best_possible: float
    proxy_evaluations: float
    proxy_s: float
    cpu_s: float

    def sentences(self) -> Iterator[str]:
        """Yield what a person reads of it."""
        low, high = self.test_interval
        yield (
            f"best model by validation after {self.models:.0f} models: {self.test:.2f} "
            f"[{low:.2f}, {high:.2f}] in the reported accuracy; the best candidate has "
            f"{self.best_possible:.2f}"
        )
        yield (
            f"a trial paid for {self.proxy_evaluations:.0f} proxy scores, {self.proxy_s:.1f} CPU "
            f"seconds; all {self.trials} trials took {self.cpu_s:.1f} CPU seconds"
        )


def summarise(record: SearchRecord, trials: Sequence[Trial]) -> Summary:
    """Return what came of one search."""
    curves = curve(trials, record.models)
    low, high = interval(curves[:, -1:])
    return Summary(
        record.name,
        record.benchmark,
        len(trials),
        float(np.mean([trial.models for trial in trials])),
        float(curves[:, -1].mean()),
        (float(low[0]), float(high[0])),
        record.best_test,
        float(np.mean([trial.proxy_evaluations for trial in trials])),
        float(np.mean([trial.proxy_s for trial in trials])),
        float(sum(trial.cpu_s for trial in trials)),
    )


def compare(
    searches: Searches, target: float | None, at: int, training_s: float | None = None
) -> Result:
    """Return searches of one benchmark beside each other; the first is what others are held to.

    Args:
        searches: Name to record and trials.
        target: The accuracy to reach; None for ``BELOW_BEST`` below the best candidate.
        at: After how many models accuracies are compared.
        training_s: Seconds that training one model takes, for curves over time; None for those that
            the table states, if it does.
    """
    records = [record for record, _ in searches.values()]
    first = records[0]
    goal = target if target is not None else round(first.best_test - BELOW_BEST, 2)
    curves = {name: curve(trials, record.models) for name, (record, trials) in searches.items()}
    result = Result(
        "search-compare",
        f"Searches on {first.benchmark}",
        "Which search finds a good model with the fewest trained ones? "
        f"{first.validation} decides; every figure shows {first.test} of the best model so far.",
        (first.benchmark,),
        {first.benchmark: first.sha256[1]},
        command="zcnas search compare",
    )
    result.cpu_s = sum(trial.cpu_s for _, trials in searches.values() for trial in trials)
    table = _table(searches, curves, goal, at)
    result.tables += [
        TableOf(
            "models",
            f"Models to reach {goal:g}, and the accuracy at {at} models",
            table,
            "By the mean curve, with 95 % bootstrap intervals over trials; `median` and `share` "
            f"are of single trials. Ratios and differences are to {first.name}, by pairs of "
            "trials (percentile bootstrap; Wilcoxon's signed ranks). ≥ stands where the base does "
            "not reach the accuracy within its budget.",
        ),
        TableOf("scores", "Where the proxies' scores are from", _origins(records)),
    ]
    result.findings += _findings(table, goal)
    _draw(result, curves, first)
    if training_s is not None or _states_seconds(searches):
        add_time(result, searches, goal, training_s)
    return result


def _table(searches: Searches, curves: Mapping[str, Floats], goal: float, at: int) -> pd.DataFrame:
    base_name = next(iter(searches))
    base = curves[base_name]
    rows = []
    for name, (_, trials) in searches.items():
        own = curves[name]
        count = min(len(base), len(own))
        hit = reached(own, goal)
        ratio, low, high = speed_up(base[:count], own[:count], goal)
        step = min(at, own.shape[1], base.shape[1]) - 1
        difference, p = paired_test(base[:count, step], own[:count, step])
        bound = "≥ " if math.isnan(reached(base, goal).models) else ""
        rows.append(
            {
                "search": name,
                "trials": len(trials),
                f"models to {goal:g}": _count(hit.models),
                "interval": f"{_count(hit.low)} to {_count(hit.high)}",
                "median": _count(hit.median),
                "share": hit.share,
                "times fewer": f"{bound}{ratio:.1f} [{low:.1f}, {high:.1f}]" if ratio else "–",
                f"at {step + 1} models": float(own[:, step].mean()),
                "difference": difference,
                "p": "–" if name == base_name else f"{p:.2g}",
                "proxy CPU s": float(np.mean([trial.proxy_s for trial in trials])),
                "search CPU s": float(sum(trial.cpu_s for trial in trials)),
            }
        )
    return pd.DataFrame(rows)


def _count(models: float) -> str:
    return NOT_REACHED if not math.isfinite(models) else f"{models:.0f}"


def _origins(records: Sequence[SearchRecord]) -> pd.DataFrame:
    rows = {
        (proxy, origin): {"proxy": proxy, "scores": origin}
        for record in records
        for proxy, origin in record.scores.items()
    }
    return pd.DataFrame(list(rows.values()), columns=["proxy", "scores"])


def _findings(table: pd.DataFrame, goal: float) -> list[str]:
    column = f"models to {goal:g}"
    return [
        f"{row['search']}: {goal:g} is {NOT_REACHED}"
        if row[column] == NOT_REACHED
        else f"{row['search']}: {row[column]} models to {goal:g} ({row['interval']})"
        for row in table.to_dict(orient="records")
    ]


def _states_seconds(searches: Searches) -> bool:
    return all(trial.incumbents[-1].training_s for _, own in searches.values() for trial in own)


def _draw(result: Result, curves: Mapping[str, Floats], first: SearchRecord) -> None:
    label = axis_label(first)
    lines, bands = {}, {}
    for name, own in curves.items():
        models = np.arange(1, own.shape[1] + 1)
        lines[name] = (models.tolist(), own.mean(axis=0).tolist())
        low, high = interval(own)
        bands[name] = (low.tolist(), high.tolist())
    result.drawings.append(
        Drawing(
            "models",
            "Accuracy against trained models",
            "Mean over trials, with the 95 % interval of the mean.",
            figures.curves(lines, ("trained models", label), steps=True, bands=bands, log=True),
        )
    )

"""Searches beside each other by time: trainings and proxies' scores, in hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from zcnas.analyses import figures
from zcnas.analyses.result import Drawing, Result, TableOf
from zcnas.searches.candidates import Floats
from zcnas.searches.curves import Clock, curve_over_time, seconds_to
from zcnas.searches.running import SearchRecord
from zcnas.searches.trials import Trial

Searches = Mapping[str, tuple[SearchRecord, Sequence[Trial]]]

HOUR_S = 3600
NOT_REACHED = "not reached"
"""Stands for a count or a time that there is none of."""
INSTANTS = 200
"""Points of a curve, equally far apart on a logarithmic axis."""


def add_time(result: Result, searches: Searches, goal: float, training_s: float | None) -> None:
    """Add a table of the hours to an accuracy, with and without the proxies', and their curves.

    Args:
        result: Where they go.
        searches: Name to record and trials.
        goal: The accuracy.
        training_s: Seconds that every training takes; None for those that the table states.
    """
    clock, bare = Clock(training_s), Clock(training_s, proxies=False)
    trained = (
        "every training takes the seconds that its table states"
        if training_s is None
        else f"every training takes {training_s:g} seconds"
    )
    rows = []
    for name, (_, trials) in searches.items():
        with_proxies = seconds_to(trials, goal, clock) / HOUR_S
        rows.append(
            {
                "search": name,
                f"hours to {goal:g}": _median(with_proxies),
                "quartiles": " to ".join(_quantile(with_proxies, share) for share in (0.25, 0.75)),
                "without proxies": _median(seconds_to(trials, goal, bare) / HOUR_S),
                "proxy CPU hours": float(np.mean([t.proxy_s for t in trials])) / HOUR_S,
            }
        )
    result.tables.append(
        TableOf(
            "hours",
            f"Hours to reach {goal:g}",
            pd.DataFrame(rows),
            f"Medians of single trials: {trained}, one after the other; the CPU seconds of the "
            "proxies' scores are added as if nothing ran beside them.",
        )
    )
    (first, _) = next(iter(searches.values()))
    result.drawings.append(
        Drawing(
            "hours",
            "Accuracy against time",
            f"Mean over trials; {trained}, and the CPU seconds of the proxies' scores are added.",
            figures.curves(
                _curves(searches, clock), ("hours", axis_label(first)), steps=True, log=True
            ),
        )
    )


def axis_label(record: SearchRecord) -> str:
    """Return what the accuracies of a figure are."""
    return f"{record.test} of the best by {record.validation}"


def _curves(searches: Searches, clock: Clock) -> dict[str, tuple[list[float], list[float]]]:
    """Return (hours, mean accuracy) of each search, from when all its trials have a model."""
    found = {}
    for name, (_, trials) in searches.items():
        first = max(clock.seconds(trial.incumbents[0]) for trial in trials)
        last = max(clock.seconds(trial.incumbents[-1]) for trial in trials)
        instants: Floats = np.geomspace(max(first, 1e-3), max(last, first, 1e-3) * 1.01, INSTANTS)
        means = curve_over_time(trials, instants, clock).mean(axis=0)
        found[name] = ((instants / HOUR_S).tolist(), means.tolist())
    return found


def _median(hours: Floats) -> str:
    return _quantile(hours, 0.5)


def _quantile(hours: Floats, share: float) -> str:
    """Return a quantile of hours of which some may be infinite."""
    found = float(np.quantile(hours, share, method="inverted_cdf"))
    return f"{found:.3g}" if np.isfinite(found) else NOT_REACHED

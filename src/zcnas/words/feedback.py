"""What participants may see of a run: ``shown`` decides, and nothing else does.

Everything that writes output for participants asks it: the pages, the results a platform shows, the
texts of a bundle, the export of a run. A single valid score with all others failed reveals that
architecture's rank. Therefore a level that shows taus rounds them, and the level ``none`` shows
nothing at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from zcnas.phases import Phase
from zcnas.words.result_files import COMBINED, LOG, MANIFEST, PREDICTIONS

Level = Literal["full", "score_only", "none"]


@dataclass(frozen=True)
class Feedback:
    """What one level shows.

    Attributes:
        scores: Score, tau per benchmark and rank.
        tau_decimals: Number of decimals shown; None for all digits.
        intervals: How sure taus and ranks are: an interval tells of the order of architectures what
            a rounded tau does not.
        failures: How many architectures failed and how, and the time used.
        messages: Logs, tracebacks and the messages of individual architectures.
        architectures: The table of individual architectures: scores, times, order.
        truth: Accuracies, which architectures were drawn, and seeds.
    """

    scores: bool
    tau_decimals: int | None
    intervals: bool
    failures: bool
    messages: bool
    architectures: bool
    truth: bool = False


FEEDBACK: dict[Level, Feedback] = {
    "full": Feedback(
        scores=True,
        tau_decimals=None,
        intervals=True,
        failures=True,
        messages=True,
        architectures=True,
    ),
    "score_only": Feedback(
        scores=True,
        tau_decimals=3,
        intervals=False,
        failures=True,
        messages=False,
        architectures=False,
    ),
    "none": Feedback(
        scores=False,
        tau_decimals=None,
        intervals=False,
        failures=False,
        messages=False,
        architectures=False,
    ),
}
"""What each level of ``feedback`` in ``phases.toml`` shows before the deadline, at most."""

_HEADINGS = re.compile(r"^--- [0-9a-f]{8,64}$", re.MULTILINE)


def shown(phase: Phase, *, level: Level | None = None, after_deadline: bool = False) -> Feedback:
    """Return what participants may see of a phase.

    A hidden phase shows no individual architecture before its deadline, whatever its level: their
    table has accuracies on a page, a scatter plot of ranks reveals their order, and ids in the
    order they were asked in tell two submissions which of their queries were the same.

    Args:
        phase: The phase.
        level: Instead of the phase's own level.
        after_deadline: Everything is shown, whatever the level.
    """
    if after_deadline:
        return replace(FEEDBACK["full"], truth=True)
    chosen = FEEDBACK[level or phase.feedback]
    if phase.truth == "public":
        return replace(chosen, truth=True)
    return replace(chosen, architectures=False)


def result_fields(show: Feedback) -> tuple[str, ...]:
    """Return the fields of a participant's ``result.json``."""
    scores = ("method", "track", "rank", "score", "kendall_tau") if show.scores else ()
    counts = ("failures", "wall_time_s", "cpu_time_s") if show.failures else ()
    texts = ("message",) if show.messages else ()
    return ("submission", "sha256", "status", "refusal", *scores, *counts, *texts)


def manifest_fields(show: Feedback) -> tuple[str, ...]:
    """Return the fields of a participant's ``<benchmark>.manifest.json``.

    Never any of the organiser's part.
    """
    texts = ("setup_message",) if show.messages else ()
    return (
        *("benchmark", "submission", "submission_sha256", "method", "isolation", "data_source"),
        *("batch_size", "architectures", "limits", "versions", "bounds", "cpu_model"),
        *("setup_status", "start_up_s", "setup_wall_s", "worker_starts", "wall_time_s"),
        *("cpu_time_s", "combines", "track", *texts),
    )


def log_shown(log: str, show: Feedback) -> str:
    """Return a log whose headings name no architecture where none is to be seen."""
    return log if show.architectures else _HEADINGS.sub("---", log)


def files_shown(show: Feedback) -> tuple[str, ...]:
    """Return a participant's files beside ``result.json``, each once per benchmark."""
    return (
        *((MANIFEST,) if show.failures else ()),
        *((PREDICTIONS, COMBINED) if show.architectures else ()),
        *((LOG,) if show.messages else ()),
    )

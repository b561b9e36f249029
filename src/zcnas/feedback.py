"""What participants may see of a run before the deadline: one row per level of ``feedback``.

Everything that writes output for participants consults this table: the pages, the results a
platform shows, the export of a run. A single valid score with all others failed reveals that
architecture's rank. Therefore a level that shows taus rounds them, and the level ``none`` shows
nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zcnas.result_files import LOG, MANIFEST, PREDICTIONS

Level = Literal["full", "score_only", "none"]


@dataclass(frozen=True)
class Feedback:
    """What one level shows.

    Attributes:
        scores: Score, tau per benchmark and rank.
        tau_decimals: Number of decimals shown; None for all digits.
        failures: How many architectures failed and how, and the time used.
        messages: Logs, tracebacks and the messages of individual architectures.
        architectures: The table of individual architectures: scores, times, order.
    """

    scores: bool
    tau_decimals: int | None
    failures: bool
    messages: bool
    architectures: bool


FEEDBACK: dict[Level, Feedback] = {
    "full": Feedback(
        scores=True, tau_decimals=None, failures=True, messages=True, architectures=True
    ),
    "score_only": Feedback(
        scores=True, tau_decimals=3, failures=True, messages=False, architectures=False
    ),
    "none": Feedback(
        scores=False, tau_decimals=None, failures=False, messages=False, architectures=False
    ),
}
"""What each level of ``feedback`` in ``phases.toml`` shows before the deadline."""

_NAMES = ("submission", "sha256", "status", "refusal")
_SCORES = (*_NAMES, "method", "rank", "score", "kendall_tau", "failures", "wall_time_s")
RESULT_FIELDS: dict[Level, tuple[str, ...]] = {
    "none": _NAMES,
    "score_only": (*_SCORES, "cpu_time_s"),
    "full": (*_SCORES, "cpu_time_s", "message"),
}
"""Fields of a participant's ``result.json``."""

_MANIFEST = (
    *("benchmark", "submission", "submission_sha256", "method", "isolation", "data_source"),
    *("batch_size", "architectures", "limits", "versions", "cpu_model", "setup_status"),
    *("start_up_s", "setup_wall_s", "worker_starts", "wall_time_s", "cpu_time_s"),
)
MANIFEST_FIELDS: dict[Level, tuple[str, ...]] = {
    "none": (),
    "score_only": _MANIFEST,
    "full": (*_MANIFEST, "setup_message"),
}
"""Fields of a participant's ``<benchmark>.manifest.json``; never any of the organiser's part."""

FILES: dict[Level, tuple[str, ...]] = {
    "none": ("result.json",),
    "score_only": ("result.json", MANIFEST),
    "full": ("result.json", MANIFEST, PREDICTIONS, LOG),
}
"""A participant's files; a name with a leading dot stands for one file per benchmark."""

"""What a participant may see of a run before the deadline: one row per level of ``feedback``.

Whatever writes something for participants asks here: the pages, the results a platform shows, the
export of a run. One valid score with all others failed reveals that architecture's rank, so a
level that shows taus shows them rounded, and a level that shows nothing of a hidden phase shows
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
        tau_decimals: To how many decimals they are shown; None for all digits.
        failures: How many architectures failed in which way, and the time used.
        messages: Logs, tracebacks and messages of single architectures.
        architectures: The table of single architectures: scores, times, order.
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
"""What each ``feedback`` of ``phases.toml`` shows before the deadline."""

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
"""Fields of a participant's ``<benchmark>.manifest.json``; the organiser's part is never one."""

FILES: dict[Level, tuple[str, ...]] = {
    "none": ("result.json",),
    "score_only": ("result.json", MANIFEST),
    "full": ("result.json", MANIFEST, PREDICTIONS, LOG),
}
"""Files of a participant; a name with a dot in front stands for one per benchmark."""

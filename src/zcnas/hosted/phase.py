"""``phase.json``: how a bundle passes the phase to the programs that a platform starts.

A platform passes nothing but folders, so the phase, its limits and the platform's own time limit
travel as a file, with the same content in the ingestion program and in the reference data.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import msgspec

from zcnas.errors import InputDataError
from zcnas.phases import Phase
from zcnas.words.records import read_json

HOSTED_PHASE_FILE = "phase.json"
INPUT_DIGESTS_FILE = "input_digests.json"
"""In the reference data: maps the name of every file of the input data to its SHA-256."""
BASELINES_FILE = "baselines.json"
"""Beside the references, optional: maps a baseline's name to its tau per benchmark."""

START_S = 30
"""Wall seconds per benchmark for starting workers, in addition to queries and set-up."""
RESERVE_SHARE, MIN_RESERVE_S, MAX_RESERVE_S = 0.1, 10, 300
"""How far our deadline is below the platform's limit: a tenth of the limit, within bounds."""


class HostedPhase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``phase.json``.

    Attributes:
        phase: Benchmarks, limits, failure rule and feedback; never a draw seed.
        time_limit_s: Wall seconds the platform allows for one step of a submission.
    """

    phase: Phase
    time_limit_s: Annotated[int, msgspec.Meta(ge=2 * MIN_RESERVE_S)]

    @property
    def deadline_s(self) -> float:
        """Wall seconds after which our program ends a run and keeps its results so far."""
        return self.time_limit_s - _reserve_s(self.time_limit_s)


def default_time_limit_s(phase: Phase) -> int:
    """Return a time limit, whole minutes in seconds, that allows every benchmark its CPU time.

    The queries, ``combine`` in a worker of its own, and ``fit`` in both where the phase has labels.
    """
    limits = phase.limits
    asked = limits.benchmark_cpu_s + limits.setup_s + START_S
    combined = limits.combine_cpu_s + limits.setup_s + START_S
    fitted = 2 * limits.fit_cpu_s if phase.labels else 0
    needed = len(phase.benchmarks) * (asked + combined + fitted)
    generous = max(needed / (1 - RESERVE_SHARE), needed + MIN_RESERVE_S)
    return 60 * math.ceil(min(generous, needed + MAX_RESERVE_S) / 60)


def read_hosted_phase(folder: Path) -> HostedPhase:
    """Return the ``phase.json`` in a folder.

    Raises:
        InputDataError: It is missing or malformed.
    """
    return read_json(folder / HOSTED_PHASE_FILE, HostedPhase, InputDataError)


def _reserve_s(time_limit_s: int) -> float:
    return min(MAX_RESERVE_S, max(MIN_RESERVE_S, RESERVE_SHARE * time_limit_s))

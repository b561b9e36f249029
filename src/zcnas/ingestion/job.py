"""What is ingested: one submission on one benchmark, or on some of its architectures."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path

from zcnas.datasets import Minibatch
from zcnas.ingestion.gauge import Gauge
from zcnas.isolation.machine import Machine
from zcnas.phases import Limits
from zcnas.words.labels import Label, Labels
from zcnas.words.records import BenchmarkInput
from zcnas.words.tracks import FEW_LABELS, ZERO_SHOT, Track


@dataclass(frozen=True)
class IngestionJob:
    """One submission on one benchmark, or on some of its architectures.

    Attributes:
        data: The benchmark's architectures.
        minibatch: What the dataloader yields first, and what after it.
        submission: The participant's folder.
        submission_name: Its name on the leaderboard.
        submission_sha256: Digest of its content.
        program: Folder with ``worker.py`` and the modules it imports.
        limits: The phase's limits.
        cpu: The CPU the worker may use.
        machine: Who else is using the machine.
        second_chance: Whether a query that waited for its CPU may be asked again at the end.
        deadline: ``time.monotonic()`` after which no query runs; None for no such moment.
        used_cpu_s: CPU seconds of the benchmark's limit that earlier architectures have used.
        used_wall_s: The same of its wall seconds.
        track: The track the submission states.
        labels: The benchmark's labelled architectures, for a submission of the track few-labels
            alone; None if the phase has none.
        gauge: What the run knows of the speed of its CPUs; None to calibrate none.
        reference_seconds: Whether limits of time, and the times of queries, are reference seconds.
        disguised: Whether each network is one that computes the same and is written differently:
            for an audit.
    """

    data: BenchmarkInput
    minibatch: Minibatch
    submission: Path
    submission_name: str
    submission_sha256: str
    program: Path
    limits: Limits
    cpu: int
    machine: Machine = field(default_factory=Machine)
    second_chance: bool = True
    deadline: float | None = None
    used_cpu_s: float = 0.0
    used_wall_s: float = 0.0
    track: Track = ZERO_SHOT
    labels: Labels | None = None
    gauge: Gauge | None = None
    reference_seconds: bool = False
    disguised: bool = False

    @property
    def pace(self) -> float:
        """How many seconds of its CPU one second of the limits is."""
        if self.gauge is None or not self.reference_seconds:
            return 1.0
        return self.gauge.factor(self.cpu)

    @property
    def second(self) -> str:
        """The unit of the limits of time, for messages."""
        return "reference s" if self.reference_seconds else "s"

    @property
    def given_labels(self) -> tuple[Label, ...]:
        """The labelled architectures that the submission's track is given."""
        given = self.labels is not None and self.track == FEW_LABELS
        return self.labels.labels if given and self.labels is not None else ()

    def remaining_s(self) -> float:
        """Return the wall seconds until the deadline of the whole run."""
        return math.inf if self.deadline is None else self.deadline - time.monotonic()

    def within_run(self, limit_s: float) -> float:
        """Return a time limit cut to what the whole run has left."""
        return min(limit_s, max(0.0, self.remaining_s()))

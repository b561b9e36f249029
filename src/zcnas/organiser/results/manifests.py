"""The manifest of one submission on one benchmark, as several jobs and folders write it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from zcnas.errors import PredictionError
from zcnas.words.hygiene import joined_throttling
from zcnas.words.records import Manifest, read_json


def join_manifests(earlier: Manifest | None, later: Manifest) -> Manifest:
    """Return one manifest of a benchmark for all jobs that worked on it."""
    if earlier is None:
        return later
    a, b = earlier.public, later.public
    ours, theirs = earlier.organiser, later.organiser
    return Manifest(
        public=msgspec.structs.replace(
            b,
            architectures=a.architectures + b.architectures,
            combines=a.combines or b.combines,
            cpu_model=_joined(a.cpu_model, b.cpu_model),
            start_up_s=a.start_up_s or b.start_up_s,
            setup_wall_s=round(a.setup_wall_s + b.setup_wall_s, 3),
            worker_starts=a.worker_starts + b.worker_starts,
            wall_time_s=round(a.wall_time_s + b.wall_time_s, 3),
            cpu_time_s=round(a.cpu_time_s + b.cpu_time_s, 3),
            reference_factors=tuple(sorted({*a.reference_factors, *b.reference_factors})),
        ),
        organiser=msgspec.structs.replace(
            theirs,
            started_at=min(ours.started_at, theirs.started_at),
            calibrations=tuple(sorted({*ours.calibrations, *theirs.calibrations})),
            throttling=joined_throttling(ours.throttling, theirs.throttling),
        ),
    )


def read_manifest(path: Path) -> Manifest | None:
    """Return a manifest, None if there is none or a dying process left a damaged one."""
    try:
        return read_json(path, Manifest, PredictionError)
    except PredictionError:
        return None


def _joined(one: str, other: str) -> str:
    return one if other in one.split("; ") else f"{one}; {other}"

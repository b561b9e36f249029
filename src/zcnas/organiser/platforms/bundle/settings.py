"""``competition.yaml`` at the repository's root: the organiser's settings for a competition."""

from __future__ import annotations

import datetime
import itertools
from pathlib import Path
from typing import Annotated

import msgspec
import yaml

from zcnas.errors import BundleError

Positive = Annotated[int, msgspec.Meta(ge=1)]
Text = Annotated[str, msgspec.Meta(min_length=1)]
Utc = Annotated[datetime.datetime, msgspec.Meta(tz=False)]
"""A moment without a time zone, quoted or not; it means UTC, as on the platforms."""


class PhaseSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a phase runs and how often a participant may submit; times are UTC.

    ``time_limit_s`` is the platform's limit for one submission; None for the sum of the limits.
    """

    start: Utc
    end: Utc | None = None
    max_submissions_per_day: Positive = 5
    max_submissions: Positive = 100
    time_limit_s: Annotated[int, msgspec.Meta(ge=20)] | None = None


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``competition.yaml``; comments in the file explain the fields."""

    title: Text
    description: Text
    organisers: Text
    contact_email: Text
    docker_image: Text
    queue: str = ""
    phases: dict[str, PhaseSettings]


def read_settings(path: Path) -> Settings:
    """Return the settings in a ``competition.yaml`` of the repository.

    Raises:
        BundleError: The file is missing, is not YAML, or has an invalid value.
    """
    try:
        return msgspec.convert(yaml.safe_load(path.read_bytes()), type=Settings)
    except OSError as error:
        raise BundleError(f"cannot read {path}: {error.strerror}") from None
    except (yaml.YAMLError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BundleError(f"{path} is not a valid settings file: {error}") from None


def schedule(settings: Settings, names: list[str]) -> list[tuple[str, PhaseSettings]]:
    """Return the settings of the named phases, in chronological order.

    Raises:
        BundleError: A phase has no settings or ends before it starts, or two phases overlap.
    """
    if missing := [name for name in names if name not in settings.phases]:
        raise BundleError(
            f"competition.yaml has no settings for phase {', '.join(missing)}, only for "
            f"{', '.join(settings.phases)}; add the dates"
        )
    chosen = sorted(((name, settings.phases[name]) for name in names), key=lambda p: p[1].start)
    for name, phase in chosen:
        if phase.end is not None and phase.end <= phase.start:
            raise BundleError(
                f"competition.yaml: phase {name} ends at {phase.end}, which is not after its "
                f"start, {phase.start}; correct one of them"
            )
    for (name, phase), (later_name, later) in itertools.pairwise(chosen):
        if phase.end is None or phase.end >= later.start:
            raise BundleError(
                f"competition.yaml: phase {later_name} starts at {later.start}, before phase "
                f"{name} has ended ({phase.end or 'it has no end'}); platforms need one phase to "
                "end before the next one starts, so change the dates"
            )
    return chosen

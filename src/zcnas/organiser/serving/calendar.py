"""Which phase is open, and how many attempts a team has left in it.

Dates and quotas are those of ``competition.yaml``, the same that a platform is given; days are UTC.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zcnas.organiser.platforms.settings import PhaseSettings
from zcnas.organiser.serving.store import Store
from zcnas.pages.identity import NOBODY, Identity
from zcnas.phases import Phase
from zcnas.words.text import plural


@dataclass(frozen=True)
class ServedPhase:
    """A phase as a server knows it.

    Attributes:
        phase: Benchmarks, limits, feedback.
        settings: Dates and quotas.
        inputs: Folder of its visible halves.
        references: Folder of its hidden halves.
        identity: Whose board it has.
    """

    phase: Phase
    settings: PhaseSettings
    inputs: Path
    references: Path
    identity: Identity = NOBODY

    @property
    def name(self) -> str:
        """The phase's name in ``phases.toml``."""
        return self.phase.name

    def is_over(self, moment: datetime.datetime) -> bool:
        """Return whether the last second in which an attempt could be received has passed."""
        naive = moment.astimezone(datetime.UTC).replace(tzinfo=None, microsecond=0)
        return self.settings.end is not None and naive > self.settings.end

    def is_open(self, moment: datetime.datetime) -> bool:
        """Return whether an attempt received then belongs to the phase; its last second counts."""
        naive = moment.astimezone(datetime.UTC).replace(tzinfo=None, microsecond=0)
        end = self.settings.end
        return self.settings.start <= naive and (end is None or naive <= end)


@dataclass(frozen=True)
class Allowance:
    """What a team has left in a phase.

    Attributes:
        today: Attempts left of the day.
        in_all: Attempts left of the phase.
        per_day: Attempts of a day.
        of_phase: Attempts of the phase.
    """

    today: int
    in_all: int
    per_day: int
    of_phase: int

    @property
    def words(self) -> str:
        """What is left, in words."""
        left = min(self.today, self.in_all)
        return f"{left} left today, {self.in_all} of {self.of_phase} in this phase"

    @property
    def refusal(self) -> str:
        """Why there is no further attempt; "" if there is one."""
        if self.in_all <= 0:
            return f"all {plural(self.of_phase, 'attempt')} of this phase are used"
        if self.today <= 0:
            return (
                f"today's {plural(self.per_day, 'attempt')} {_are(self.per_day)} used; the next "
                "day begins at 00:00 UTC, so hand it in again then"
            )
        return ""


def open_phase(phases: Sequence[ServedPhase], moment: datetime.datetime) -> ServedPhase | None:
    """Return the phase that is open at a moment; phases do not overlap."""
    return next((each for each in phases if each.is_open(moment)), None)


def closed_words(phases: Sequence[ServedPhase], moment: datetime.datetime) -> str:
    """Return in words that no phase is open at a moment, and which is next."""
    naive = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    later = [each for each in phases if each.settings.start > naive]
    if later:
        first = min(later, key=lambda each: each.settings.start)
        return f"no phase is open; {first.phase.title} opens at {first.settings.start} UTC"
    return "no phase is open, and none follows"


def allowance(store: Store, team: str, served: ServedPhase, moment: datetime.datetime) -> Allowance:
    """Return what a team has left at a moment, in the phase and on the day it belongs to."""
    day = moment.astimezone(datetime.UTC).date()
    following = day + datetime.timedelta(days=1)
    per_day, of_phase = served.settings.max_submissions_per_day, served.settings.max_submissions
    used = store.counted(team, served.name)
    today = store.counted(team, served.name, day.isoformat(), following.isoformat())
    return Allowance(
        today=max(0, per_day - today),
        in_all=max(0, of_phase - used),
        per_day=per_day,
        of_phase=of_phase,
    )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"

"""What has to be right with a machine before it judges anybody, and how to mend what is not.

``checks.py`` lists the checks; ``host.py``, ``engine.py`` and ``draw.py`` hold them. A check looks
and changes nothing, except that it runs our own canary in a container.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zcnas.phases import Phase

Verdict = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Situation:
    """What the organiser is about to do.

    Attributes:
        phase: The phase to be run.
        isolation: ``auto``, ``docker`` or ``process``.
        cpus: The CPU list as typed; empty for all.
        out: The folder of the results.
        data: ``ZCNAS_DATA``; None without.
        draws: ``ZCNAS_PHASES``; None without.
    """

    phase: Phase
    isolation: str
    cpus: str
    out: Path
    data: Path | None
    draws: Path | None

    @property
    def needs_engine(self) -> bool:
        """Whether a run would stop without a Docker engine."""
        return self.isolation == "docker" or (
            self.isolation == "auto" and self.phase.truth == "hidden"
        )


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        verdict: ``error`` is something that stops or spoils a run.
        text: What was found.
        mend: What to do about it; empty if nothing is to be done.
    """

    verdict: Verdict
    text: str
    mend: str = ""


Check = Callable[[Situation], Finding]


def ok(text: str) -> Finding:
    """Return that all is well."""
    return Finding("ok", text)


def error(text: str, mend: str) -> Finding:
    """Return something that would stop or spoil a run, and how to mend it."""
    return Finding("error", text, mend)


def warning(text: str, mend: str) -> Finding:
    """Return something to know before a run, and what can be done about it."""
    return Finding("warning", text, mend)

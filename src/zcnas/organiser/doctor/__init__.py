"""Checks that a machine is fit to run a competition, and suggests fixes where it is not.

``checks.py`` lists the checks; they are in ``host.py``, ``engine.py`` and ``draw.py``. A check
changes nothing, except that one of them runs our canary in a container.
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
    """The run that the organiser is about to start.

    Attributes:
        phase: The phase to run.
        isolation: ``auto``, ``docker``, ``bubblewrap`` or ``process``.
        cpus: The CPU list as typed; empty for all.
        out: The results folder.
        data: ``ZCNAS_DATA``; None if it is not set.
        draws: ``ZCNAS_PHASES``; None if it is not set.
    """

    phase: Phase
    isolation: str
    cpus: str
    out: Path
    data: Path | None
    draws: Path | None

    @property
    def needs_engine(self) -> bool:
        """Whether a run would fail without a Docker engine."""
        return self.isolation == "docker" or (
            self.isolation == "auto" and self.phase.truth == "hidden"
        )


@dataclass(frozen=True)
class Finding:
    """The result of a check.

    Attributes:
        verdict: ``error`` means that a run would fail or be spoiled.
        text: What was found.
        fix: How to fix it; empty if there is nothing to fix.
    """

    verdict: Verdict
    text: str
    fix: str = ""


Check = Callable[[Situation], Finding]


def ok(text: str) -> Finding:
    """Return a finding that needs no action."""
    return Finding("ok", text)


def error(text: str, fix: str) -> Finding:
    """Return a finding that would make a run fail or spoil it, with the fix."""
    return Finding("error", text, fix)


def warning(text: str, fix: str) -> Finding:
    """Return a finding worth knowing before a run, with a possible fix."""
    return Finding("warning", text, fix)

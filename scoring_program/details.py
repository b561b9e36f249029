"""``detailed_results.html``: what a participant is shown of a submission on a platform."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from scoring_program.scoring import Scores
from zcnas.phases import Phase
from zcnas.records import Reference


def detailed_results(
    phase: Phase,
    scores: Scores,
    accepted: Path,
    references: Mapping[str, Reference],
    reference_dir: Path,
) -> str:
    """Return the page of a submission, with what the phase's feedback level shows."""
    rows = "".join(
        f"<tr><td>{escape(key)}</td><td>{result.tau:.3f}</td></tr>"
        for key, result in scores.benchmarks.items()
    )
    return f"<!doctype html><title>{escape(phase.title)}</title><table>{rows}</table>"

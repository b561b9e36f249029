"""From stored predictions to entries and the leaderboard.

``make score`` ends with it, and ``zcnas rank`` does it again without running anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scoring_program.scoring import score_submission
from zcnas.competition.halves import Halves
from zcnas.competition.results import SubmissionRecord, read_manifest
from zcnas.errors import ZcnasError
from zcnas.leaderboard import Entry, Leaderboard, rank_entries
from zcnas.phases import Phase
from zcnas.records import Reference, write_json


def entry_of(
    record: SubmissionRecord, folder: Path, phase: Phase, references: Mapping[str, Reference]
) -> Entry:
    """Score a submission's stored predictions, write ``scores.json``, and return its entry.

    A fault of this machine gives no score.
    """
    if record.fault:
        (folder / "scores.json").unlink(missing_ok=True)
        return organiser_error(record.name, record.fault)
    try:
        scores = score_submission(phase, folder, references)
        write_json(folder / "scores.json", scores.columns())
    except (ZcnasError, OSError) as error:
        return organiser_error(record.name, str(error))
    return Entry(
        submission=record.name,
        method=_method_of(folder, phase) or record.name,
        score=scores.score,
        kendall_tau={key: result.tau for key, result in scores.benchmarks.items()},
        status="invalid_submission" if record.refusal else "scored",
        failures=dict(scores.failures),
        wall_time_s=round(scores.wall_time_s, 3),
        cpu_time_s=round(scores.cpu_time_s, 3),
        message=record.refusal,
    )


def organiser_error(name: str, message: str) -> Entry:
    """Return the entry of a submission this machine could not score."""
    return Entry(
        submission=name,
        method="",
        score=None,
        kendall_tau={},
        status="organiser_error",
        failures={},
        wall_time_s=0.0,
        cpu_time_s=0.0,
        message=message,
    )


def leaderboard_of(
    phase: Phase, halves: Halves, isolation: tuple[str, str], entries: list[Entry]
) -> Leaderboard:
    """Return the leaderboard of some entries, in their order of arrival.

    Args:
        phase: The phase.
        halves: Its data.
        isolation: Name and description of where workers ran.
        entries: The entries.
    """
    name, description = isolation
    sources = {key: halves.minibatches[key].source for key in phase.benchmarks}
    return Leaderboard(
        phase=phase.name,
        title=(
            f"{phase.title} phase · {halves.architectures} architectures per benchmark · "
            f"isolation: {name} · images: {'; '.join(sorted(set(sources.values())))}"
        ),
        isolation=description,
        data_sources=sources,
        accuracy_sources={
            key: reference.provenance for key, reference in halves.references.items()
        },
        benchmarks=phase.benchmarks,
        entries=rank_entries(entries),
    )


def _method_of(folder: Path, phase: Phase) -> str:
    for key in phase.benchmarks:
        manifest = read_manifest(folder / f"{key}.manifest.json")
        if manifest is not None:
            return manifest.public.method
    return ""

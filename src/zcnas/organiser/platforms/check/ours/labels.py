"""The labels in a bundle: there where a phase gives some, and of no architecture that is judged."""

from __future__ import annotations

import msgspec

from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.ours.view import PhaseView, asked_by
from zcnas.words.labels import SUFFIX, Labels


def check_labels(phases: list[PhaseView], findings: Findings) -> None:
    """Check every phase's labels against its number of them, and against all draws."""
    judged: dict[str, set[str]] = {}
    for phase in phases:
        for key, data in asked_by(phase).items():
            judged.setdefault(key, set()).update(each.spec for each in data.architectures)
    for phase in phases:
        if phase.hosted is not None:
            for key in phase.hosted.phase.benchmarks:
                _check(phase, key, phase.hosted.phase.labels, judged.get(key, set()), findings)


def _check(phase: PhaseView, key: str, count: int, judged: set[str], findings: Findings) -> None:
    name = f"{key}{SUFFIX}"
    file = f"{phase.part('ingestion_program')}/input_data/{name}"
    content = phase.inputs.get(name)
    if not count:
        if content is not None:
            message = "it has accuracies, and the phase gives no labels; remove it"
            findings.add_in(file, 1, "own-secret", message)
        return
    try:
        labels = msgspec.json.decode(content or b"", type=Labels).labels
    except (msgspec.MsgspecError, UnicodeDecodeError):
        labels = ()
    if len(labels) != count:
        findings.add_in(
            file,
            1,
            "own-halves",
            f"it is missing or damaged, or has another number than the {count} labels of the "
            "phase; draw the phase again with `zcnas sample`",
        )
    elif shared := judged.intersection(each.spec for each in labels):
        findings.add_in(
            file,
            1,
            "own-draws",
            f"it tells the accuracy of {len(shared)} architectures that a phase of this bundle "
            "judges; draw the phase again with `zcnas sample`, with all other draws beside it",
        )

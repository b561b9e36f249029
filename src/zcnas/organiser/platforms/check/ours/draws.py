"""The draws in a bundle: both halves of each phase, its limits, and the key that seals its runs."""

from __future__ import annotations

import hashlib
import itertools

import msgspec

from zcnas.hosted.phase import HOSTED_PHASE_FILE, INPUT_DIGESTS_FILE, HostedPhase
from zcnas.hosted.seals import KEY_BYTES, KEY_FILE
from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.ours.labels import check_labels
from zcnas.organiser.platforms.check.ours.view import PhaseView, asked_by
from zcnas.organiser.platforms.check.phases import GRANTED_IN_PUBLIC_S, GRANTED_S
from zcnas.organiser.platforms.check.values import whole_number
from zcnas.words.feedback import shown
from zcnas.words.records import BenchmarkInput, Reference

AGAIN = "build the bundle again from one draw"


def check_draws(phases: list[PhaseView], queue: bool, findings: Findings) -> None:
    """Check every phase's halves, limit and key, and the phases against one another."""
    titles = {phase.name: phase.hosted.phase.title for phase in phases if phase.hosted is not None}
    for phase in phases:
        _check_key(phase, findings)
        if phase.hosted is None:
            findings.add_in(
                phase.part("reference_data"),
                1,
                "own-phase",
                f"its {HOSTED_PHASE_FILE} is missing or damaged; {AGAIN}",
            )
            continue
        if "input_data" in phase.parts:
            findings.add(
                "own-layout",
                f"phase {phase.name} has input_data, which a submission's own command can rewrite; "
                "ours is in the ingestion program, so remove it",
                *phase.place,
            )
        if phase.ingests_beside_scoring:
            findings.add(
                "own-layout",
                f"ingestion_only_during_scoring is on for phase {phase.name}: nothing would be "
                "recorded, and the submission would run beside the accuracies; remove it",
                *phase.place,
            )
        _check_name(phase, phase.hosted, set(titles.values()), findings)
        _check_limit(phase, phase.hosted, queue, findings)
        _check_halves(phase, phase.hosted, findings)
    check_labels(phases, findings)
    for first, second in itertools.combinations(phases, 2):
        _check_disjoint(first, second, findings)


def _check_name(
    phase: PhaseView, hosted: HostedPhase, titles: set[str], findings: Findings
) -> None:
    if phase.name != hosted.phase.title and phase.name in titles:
        findings.add(
            "own-phase",
            f"phase {phase.name} runs the task of phase {hosted.phase.title}; give each its own",
            *phase.place,
        )
    if hosted.phase.draw_seed is not None:
        file = f"{phase.part('reference_data')}/{HOSTED_PHASE_FILE}"
        findings.add_in(file, 1, "own-secret", "it holds the draw's seed; remove it")


def _check_limit(phase: PhaseView, hosted: HostedPhase, queue: bool, findings: Findings) -> None:
    given = whole_number(phase.settings.get("execution_time_limit")) or GRANTED_S
    place = (*phase.place, "execution_time_limit")
    if given != hosted.time_limit_s:
        findings.add(
            "own-limit",
            f"execution_time_limit is {given}, and the programs were built for "
            f"{hosted.time_limit_s}: their own deadline has to lie below it; set time_limit_s in "
            "your competition.yaml and build the bundle again",
            *place,
        )
    elif given > GRANTED_IN_PUBLIC_S and not queue:
        findings.add(
            "own-limit",
            f"execution_time_limit is {given}, but without a queue a platform grants {GRANTED_S} s "
            f"({GRANTED_IN_PUBLIC_S} s in public) and throws away what runs longer; set queue in "
            "your competition.yaml and build the bundle again",
            *place,
        )


def _check_key(phase: PhaseView, findings: Findings) -> None:
    """Check that ingestion seals with the key that scoring holds."""
    keys = {}
    for part, files in (
        ("ingestion_program", phase.ingestion),
        ("reference_data", phase.reference),
    ):
        text = files.get(KEY_FILE, b"").decode(errors="replace").strip()
        if len(text) != 2 * KEY_BYTES or set(text.lower()) - set("0123456789abcdef"):
            message = f"its {KEY_FILE} is missing or damaged, so no run can be sealed; {AGAIN}"
            findings.add_in(phase.part(part), 1, "own-seal", message)
            return
        keys[part] = text
    if len(set(keys.values())) > 1:
        findings.add_in(
            phase.part("reference_data"),
            1,
            "own-seal",
            f"its {KEY_FILE} is not that of {phase.part('ingestion_program')}, so every result "
            f"would be refused; {AGAIN}",
        )


def _check_halves(phase: PhaseView, hosted: HostedPhase, findings: Findings) -> None:
    """Check that the input data is what the reference was written for."""
    file = phase.part("ingestion_program")
    if phase.inputs.get(HOSTED_PHASE_FILE) != phase.reference.get(HOSTED_PHASE_FILE):
        message = f"its {HOSTED_PHASE_FILE} is not that of {phase.part('reference_data')}; {AGAIN}"
        findings.add_in(file, 1, "own-halves", message)
        return
    digests = _digests(phase)
    if digests is None:
        message = f"its {INPUT_DIGESTS_FILE} is missing or damaged; {AGAIN}"
        findings.add_in(phase.part("reference_data"), 1, "own-halves", message)
        return
    real = {name: hashlib.sha256(content).hexdigest() for name, content in phase.inputs.items()}
    for name in sorted({*digests, *real}):
        if digests.get(name) != real.get(name):
            what = "is missing" if name not in real else "is not the one that the reference is for"
            findings.add_in(f"{file}/input_data/{name}", 1, "own-halves", f"it {what}; {AGAIN}")
    for key in hosted.phase.benchmarks if shown(hosted.phase).scores else ():
        _check_benchmark(phase, key, hosted.phase.shown_architectures, findings)


def _digests(phase: PhaseView) -> dict[str, str] | None:
    try:
        return msgspec.json.decode(
            phase.reference.get(INPUT_DIGESTS_FILE, b""), type=dict[str, str]
        )
    except msgspec.MsgspecError:
        return None


def _check_benchmark(
    phase: PhaseView, key: str, shown_architectures: int, findings: Findings
) -> None:
    file = f"{phase.part('reference_data')}/{key}.json"
    try:
        reference = msgspec.json.decode(phase.reference.get(f"{key}.json", b""), type=Reference)
        asked = msgspec.json.decode(phase.inputs.get(f"{key}.json", b""), type=BenchmarkInput)
    except msgspec.MsgspecError:
        findings.add_in(file, 1, "own-halves", f"it is missing or damaged; {AGAIN}")
        return
    if set(reference.tokens) != {each.id for each in asked.architectures}:
        message = f"it is of another draw than {phase.part('ingestion_program')}; {AGAIN}"
        findings.add_in(file, 1, "own-halves", message)
    if len(reference.accuracies) != (shown_architectures or len(asked.architectures)):
        message = (
            f"it has {len(reference.accuracies)} accuracies, and the phase shows "
            f"{shown_architectures}: those that decide stay with you; {AGAIN}"
        )
        findings.add_in(file, 1, "own-secret", message)


def _check_disjoint(first: PhaseView, second: PhaseView, findings: Findings) -> None:
    """Check that no draw is used twice, and that disjoint phases are."""
    if first.hosted is None or second.hosted is None:
        return
    ones, others = asked_by(first), asked_by(second)
    names = {first.hosted.phase.name, second.hosted.phase.name}
    apart = names & {*first.hosted.phase.disjoint_from, *second.hosted.phase.disjoint_from}
    for key in ones.keys() & others.keys():
        ids = {each.id for each in ones[key].architectures}
        specs = {each.spec for each in ones[key].architectures}
        same_ids = any(each.id in ids for each in others[key].architectures)
        same_specs = apart and any(each.spec in specs for each in others[key].architectures)
        if same_ids or same_specs:
            findings.add(
                "own-draws",
                f"phases {first.name} and {second.name} share architectures of {key}; draw one of "
                "them again with `zcnas sample`",
                *second.place,
            )
            return

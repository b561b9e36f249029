"""What participants can download, against what must stay hidden: draws, accuracies, seal keys."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from zcnas.hosted.seals import KEY_FILE
from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.ours.view import PhaseView, asked_by
from zcnas.organiser.platforms.check.source import BundleFiles
from zcnas.organiser.secret_files import DRAW_SEED, SEAL_KEY
from zcnas.words.feedback import shown


def check_handed_out(phases: list[PhaseView], files: BundleFiles, findings: Findings) -> None:
    """Check that no file for participants, or for another phase, gives a hidden phase away."""
    hidden = {
        phase.parts[kind]
        for phase in phases
        for kind in ("ingestion_program", "reference_data")
        if kind in phase.parts
    }
    _check_secret_files(files, findings)
    for phase in phases:
        if phase.hosted is None:
            continue
        _check_own_parts(phase, findings)
        own = [PurePosixPath(phase.part(kind)) for kind in ("ingestion_program", "reference_data")]
        secrets = _secrets(phase)
        for name, content in _everything(files):
            if any(PurePosixPath(name).is_relative_to(part) for part in own):
                continue
            given = next((what for secret, what in secrets.items() if secret in content), None)
            if given is not None:
                message = f"it gives away {given} of phase {phase.name}; remove it"
                findings.add_in(name, 1, "own-secret", message)
        for kind in ("public_data", "starting_kit"):
            if phase.parts.get(kind) in hidden:
                message = f"{phase.parts[kind]} is a program or reference of a phase; hand out no"
                findings.add("own-secret", f"{message} such file", *phase.place, kind)


def _check_secret_files(files: BundleFiles, findings: Findings) -> None:
    """Check that no file of the bundle or of a zip in it is called as a draw's secrets are."""
    for name in files.names:
        inside: Iterable[str] = ()
        if name.endswith(".zip"):
            with contextlib.suppress(ValueError):
                inside = files.unpack(name)
        for each in (name, *(f"{name}/{inner}" for inner in inside)):
            if PurePosixPath(each).name in (DRAW_SEED, SEAL_KEY):
                message = "it is a secret of the draw, which stays on your machine; remove it"
                findings.add_in(each, 1, "own-secret", message)


def _check_own_parts(phase: PhaseView, findings: Findings) -> None:
    assert phase.hosted is not None
    if phase.hosted.phase.truth == "hidden" and "public_data" in phase.parts:
        findings.add(
            "own-secret",
            f"phase {phase.name} is hidden and hands out {phase.parts['public_data']}; remove it",
            *phase.place,
            "public_data",
        )
    if not shown(phase.hosted.phase).scores:
        for key in phase.hosted.phase.benchmarks:
            if f"{key}.json" in phase.reference:
                findings.add_in(
                    f"{phase.part('reference_data')}/{key}.json",
                    1,
                    "own-secret",
                    f"phase {phase.name} shows no scores, so its accuracies must not leave "
                    "your machine; remove them",
                )


def _secrets(phase: PhaseView) -> dict[bytes, str]:
    """Return what must be in no other file: the key, and one id per benchmark if it is hidden."""
    assert phase.hosted is not None
    key = phase.ingestion.get(KEY_FILE, b"").strip()
    found = {key: "the key that seals results"} if key else {}
    if phase.hosted.phase.truth == "hidden":
        for benchmark, asked in asked_by(phase).items():
            for each in asked.architectures[:1]:
                found[each.id.encode()] = f"the networks of {benchmark}"
    return found


def _everything(files: BundleFiles) -> Iterator[tuple[str, bytes]]:
    """Yield every file of a bundle, with the content of its zips joined."""
    for name in files.names:
        content = files.read(name) or b""
        if name.endswith(".zip"):
            with contextlib.suppress(ValueError):
                content = b"\n".join(files.unpack(name).values())
        yield name, content

"""Our programs in a bundle: whole, in their places, and in an image that a worker can pull."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zcnas.organiser.platforms.bundle.programs import ingestion_program, scoring_program
from zcnas.organiser.platforms.check.findings import Findings
from zcnas.organiser.platforms.check.ours.view import PhaseView

_THIS_MACHINE = ("localhost", "127.", "0.0.0.0", "host.docker.internal")


def check_image_name(content: Mapping[Any, Any], findings: Findings) -> None:
    """Check that a worker elsewhere can pull the image."""
    key = "docker_image" if "tasks" in content else "competition_docker_image"
    name = content.get(key)
    if name is None:
        findings.add("own-image", f"there is no {key}; name the image you pushed", key)
    elif isinstance(name, str) and ("/" not in name or name.startswith(_THIS_MACHINE)):
        findings.add(
            "own-image",
            f"{key} is {name!r}, which only this machine has, so no worker can pull it; push it "
            "under your own name and write that, such as YOU/zcnas-worker:1",
            key,
        )


def check_programs(phases: list[PhaseView], findings: Findings) -> None:
    """Check that each phase's programs are ours and whole."""
    expected = {
        "ingestion_program": ingestion_program(),
        "scoring_program": scoring_program(),
    }
    for phase in phases:
        for part, ours in expected.items():
            found = phase.contents.get(part)
            if found is None:
                if part not in phase.parts:
                    message = f"the phase has no {part}; build the bundle again"
                    findings.add("own-programs", message, *phase.place)
                continue
            _compare(phase.part(part), found, ours, findings)


def _compare(
    file: str, found: Mapping[str, bytes], ours: Mapping[str, bytes], findings: Findings
) -> None:
    missing = [name for name in ours if name not in found]
    changed = [name for name, content in ours.items() if found.get(name, content) != content]
    if missing:
        listed = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if missing[3:] else "")
        message = f"it lacks {listed}: not this program, or not all of it; build the bundle again"
        findings.add_in(file, 1, "own-programs", message)
    elif changed:
        findings.add_in(
            file,
            1,
            "own-version",
            f"{len(changed)} of its files, such as {changed[0]}, are not of this version; build "
            "the bundle again, or check it with the version that built it",
        )

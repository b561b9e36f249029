"""What a platform's worker starts: a program's folder, its command, and the folders it sees.

The layout follows the platforms' documentation; the two runners, containers and a folder tree, are
in ``containers.py`` and ``folders.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import yaml

from zcnas.errors import BundleError

APP = "/app"
WORKING_DIRECTORY = f"{APP}/program"
METADATA_NAMES = ("metadata.yaml", "metadata")
"""Files that may hold a program's command; the first one that exists is read."""

StepKind = Literal["ingestion", "submission", "scoring"]

PLACEHOLDERS: dict[StepKind, dict[str, str]] = {
    kind: {
        "$input": f"{APP}/input" if kind == "scoring" else f"{APP}/input_data",
        "$output": f"{APP}/output",
        "$program": f"{APP}/program",
        "$ingestion_program": f"{APP}/program",
        "$hidden": f"{APP}/input/ref",
        "$shared": f"{APP}/shared",
        "$submission_program": f"{APP}/ingested_program",
        "$predictions": f"{APP}/input/res" if kind == "scoring" else f"{APP}/output",
    }
    for kind in ("ingestion", "submission", "scoring")
}
"""Replaced as plain text, in this order, anywhere in a command."""


@dataclass(frozen=True)
class Step:
    """One program to run.

    Attributes:
        kind: Which program it is.
        command: Its words; they run without a shell.
        mounts: Maps a path inside to a folder on this machine.
        logs: Folder for ``<kind>.stdout`` and ``<kind>.stderr``.
    """

    kind: StepKind
    command: tuple[str, ...]
    mounts: Mapping[str, Path]
    logs: Path


@dataclass(frozen=True)
class Ended:
    """How a step ended: its exit code, or None at the time limit, and the seconds it took."""

    exit_code: int | None
    elapsed_s: float


class Runner(Protocol):
    """A way to run steps."""

    description: str

    def run(self, steps: list[Step], time_limit_s: float | None) -> list[Ended]:
        """Run steps concurrently until all have ended or the time limit is reached.

        Raises:
            OrganiserError: This machine cannot start a step.
        """
        ...


def command_of(program: Path, kind: StepKind) -> tuple[str, ...] | None:
    """Return the words of a program's command, or None for a submission without a command.

    Raises:
        BundleError: One of the organiser's programs has no metadata, or no command in it.
    """
    path = next((program / name for name in METADATA_NAMES if (program / name).is_file()), None)
    command = None
    if path is not None:
        try:
            content = yaml.safe_load(path.read_bytes())
        except yaml.YAMLError:
            content = None
        command = content.get("command") if isinstance(content, dict) else None
    if command:
        for placeholder, value in PLACEHOLDERS[kind].items():
            command = str(command).replace(placeholder, value)
        return tuple(str(command).split())
    if kind == "submission":
        return None
    missing = "'command' in its metadata" if path is not None else "'metadata.yaml' or 'metadata'"
    raise BundleError(f"the {kind} program has no {missing}; add it")

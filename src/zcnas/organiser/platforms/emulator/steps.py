"""What a platform's worker starts: a program's folder, its command, and what it finds where.

The layout is the platforms' documented one; the two runners, containers and a folder tree, are in
``containers.py`` and ``folders.py``.
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
"""Where a program's command stands; the first that exists is read."""

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
"""Replaced as plain text, in this order, wherever they stand in a command."""


@dataclass(frozen=True)
class Step:
    """One program to run.

    Attributes:
        kind: Which program it is.
        command: Its words; no shell reads them.
        mounts: Path inside to folder on this machine.
        logs: Folder for ``<kind>.stdout`` and ``<kind>.stderr``.
    """

    kind: StepKind
    command: tuple[str, ...]
    mounts: Mapping[str, Path]
    logs: Path


@dataclass(frozen=True)
class Ended:
    """How a step ended: its exit code, None if the time limit struck, and the seconds it took."""

    exit_code: int | None
    elapsed_s: float


class Runner(Protocol):
    """A way to run steps."""

    description: str

    def run(self, steps: list[Step], time_limit_s: float | None) -> list[Ended]:
        """Run steps at the same time until all have ended or the limit strikes.

        Raises:
            OrganiserError: This machine cannot start one.
        """
        ...


def command_of(program: Path, kind: StepKind) -> tuple[str, ...] | None:
    """Return the words of a program's command; None if its metadata names none, or there is none.

    Raises:
        BundleError: A program of the organiser's has no metadata, or no command in it.
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
    raise BundleError(f"the {kind} program has no {missing}")

"""What a platform's worker starts: a program's folder, its command, and the folders it sees.

The layout is that of the platform's rules; the two runners, containers and a folder tree, are in
``containers.py`` and ``folders.py``.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import yaml

from zcnas.errors import BundleError
from zcnas.organiser.platforms.emulator.rules import Mounted, Rules, StepKind

MAX_METADATA_BYTES = 64 * 1024
"""A stranger's metadata is parsed only up to this size."""


@dataclass(frozen=True)
class Step:
    """One program to run.

    Attributes:
        kind: Which program it is.
        command: Its words; they run without a shell.
        rules: The platform's.
        folder: The step's folder on this machine, below which the mounted folders are.
        logs: Folder for ``<kind>.stdout`` and ``<kind>.stderr``.
    """

    kind: StepKind
    command: tuple[str, ...]
    rules: Rules
    folder: Path
    logs: Path

    @property
    def mounts(self) -> dict[Mounted, Path]:
        """The folders that are there, by the way they are mounted."""
        found = {each: self.folder / each.source for each in self.rules.mounts[self.kind]}
        return {each: path for each, path in found.items() if path.is_dir()}


@dataclass(frozen=True)
class Ended:
    """How a step ended: its exit code, or None at the time limit, and the seconds it took."""

    exit_code: int | None
    elapsed_s: float


Tick = Callable[[], None]
"""Called every second or so while steps run."""


class Runner(Protocol):
    """A way to run steps."""

    description: str

    def run(self, steps: list[Step], time_limit_s: float | None, tick: Tick) -> list[Ended]:
        """Run steps concurrently until all have ended or the time limit is reached.

        Raises:
            OrganiserError: This machine cannot start a step.
        """
        ...


class _PlainLoader(yaml.SafeLoader):
    """Reads YAML without aliases, which can stand for more than any memory holds."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")
        return super().compose_node(parent, index)


def command_of(program: Path, kind: StepKind, rules: Rules) -> tuple[str, ...] | None:
    """Return the words of a program's command; None for a submission without a readable one.

    Raises:
        BundleError: One of the organiser's programs has no metadata, or no command in it.
    """
    path = metadata_of(program, rules)
    content = None
    if path is not None and path.stat().st_size <= MAX_METADATA_BYTES:
        try:
            content = yaml.load(path.read_bytes(), Loader=_PlainLoader)
        except (yaml.YAMLError, ValueError, RecursionError):
            content = None
    command = content.get("command") if isinstance(content, dict) else None
    if isinstance(command, str) and command.strip():
        for placeholder, value in rules.placeholders[kind].items():
            command = command.replace(placeholder, value)
        try:
            return tuple(shlex.split(command))
        except ValueError:
            return tuple(command.split())
    if kind == "submission":
        return None
    names = "' or '".join(rules.metadata_names)
    missing = f"'command' in its {path.name}" if path is not None else f"'{names}'"
    raise BundleError(f"the {kind} program has no {missing}; add it")


def metadata_of(program: Path, rules: Rules) -> Path | None:
    """Return the file that the platform reads a program's command from, or None without one."""
    found = (program / name for name in rules.metadata_names)
    return next((path for path in found if path.is_file() and not path.is_symlink()), None)

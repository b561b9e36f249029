"""What several commands share: where things are, how options are spelled, where output goes."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from zcnas.errors import PhaseError, UsageError
from zcnas.phases import Phase, load_phase
from zcnas.words.resources import PHASES_FILE, SAMPLES_FOLDER, competition_file, public_halves


class Terminal(Console):
    """A console whose reader may have gone: then the command ends as SIGPIPE ends one."""

    def on_broken_pipe(self) -> None:
        """Write no more, and end.

        Raises:
            SystemExit: Always.
        """
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)
        raise SystemExit(128 + signal.SIGPIPE)


console = Terminal()
errors = Terminal(stderr=True)

FIRST_SAMPLES = ("nwot", "params", "synflow")
"""Enough for a first leaderboard in a few minutes; all of them take about an hour of CPU time."""

PhaseOption = Annotated[str, typer.Option(help="Phase of reference_data/phases.toml.")]
IsolationOption = Annotated[
    str,
    typer.Option(
        help="Where submissions run: auto, docker, bubblewrap, apptainer, process or a plugin's; "
        "auto takes the strongest that answers."
    ),
]
CpusOption = Annotated[
    str, typer.Option(help="CPUs to use, e.g. 0,1 or 0-3; by default one per physical core.")
]


def as_path(text: str | Path) -> Path:
    """Return the path a shell handed over.

    Raises:
        UsageError: It is empty, as an unset variable is; it would mean the current folder.
    """
    if not str(text).strip():
        raise UsageError(
            "an empty string was given for a path, perhaps by a variable that is not set; write . "
            "for the current folder"
        )
    return Path(text)


def as_folder(text: str | Path) -> Path:
    """Return the path of a folder, which need not exist.

    Raises:
        UsageError: It is empty, or something that is not a folder is in its place.
    """
    path = as_path(text)
    for each in (path, *path.parents):
        if os.path.lexists(each) and not each.is_dir():
            raise UsageError(f"{path} cannot be a folder: {each} is a file; name another")
    return path


def path_option(text: str) -> Any:
    """Return the option of a path; what a command takes is read by ``as_path`` or ``as_folder``."""
    return typer.Option(help=text, metavar="PATH", parser=as_path)


def folder_option(text: str) -> Any:
    """Return the option of a folder, new or not."""
    return typer.Option(help=text, metavar="FOLDER", parser=as_folder)


def path_argument(text: str) -> Any:
    """Return the argument of a path."""
    return typer.Argument(help=text, parser=as_path)


def folder_argument(text: str) -> Any:
    """Return the argument of a folder, new or not."""
    return typer.Argument(help=text, parser=as_folder)


OutOption = Annotated[Path, folder_option("Folder for the results.")]
AnewOption = Annotated[
    bool, typer.Option("--anew", help="Delete the results in OUT instead of resuming.")
]
SchedulerOption = Annotated[
    str, typer.Option(help="A Dask scheduler, tls://host:8786: run on its workers, not here.")
]
ShardOption = Annotated[
    int, typer.Option(min=0, help="Architectures of one job; 0 for all of a benchmark.")
]
BenchmarkOption = Annotated[
    list[str] | None, typer.Option("--benchmark", help="Only this benchmark; may be repeated.")
]


def _route_output(as_json: bool) -> bool:
    """Send what is printed for people to stderr where stdout holds the record alone."""
    console.stderr = as_json
    return as_json


JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print the result as JSON on stdout and everything else on stderr.",
        callback=_route_output,
    ),
]
"""Of every command that prints a result; the command ends with ``print_record``."""


def say(text: str) -> None:
    """Tell the person at the terminal what was passed over, and the like."""
    console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


def say_next(step: str) -> None:
    """Print the next step, the last line of a command."""
    console.print(f"next: {step}", markup=False, highlight=False, soft_wrap=True)


def print_record(record: object) -> None:
    """Print a record as one line of JSON on stdout; paths and times as text."""
    is_utf8 = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    plain = msgspec.to_builtins(record, enc_hook=str)
    typer.echo(json.dumps(plain, ensure_ascii=not is_utf8, allow_nan=False))


def phases_file() -> Path:
    """Return the ``phases.toml`` of the competition folder, or the package's."""
    return competition_file(PHASES_FILE)


def find_phase(name: str) -> Phase:
    """Return a phase of ``phases.toml``.

    Raises:
        PhaseError: It is unknown, or the file is broken.
    """
    return load_phase(phases_file(), name)


def samples() -> Path:
    """Return the folder of the sample submissions."""
    return competition_file(SAMPLES_FOLDER)


def inputs_of(phase: Phase) -> Path:
    """Return the folder of a phase's visible half, where the hidden one need not be.

    Raises:
        PhaseError: The phase is hidden, and ``ZCNAS_PHASES`` does not lead to its input data.
    """
    if phase.truth == "public":
        return public_halves(phase.name)[0]
    drawn = os.environ.get("ZCNAS_PHASES")
    inputs = Path(drawn or "") / phase.name / "input_data"
    if not drawn or not inputs.is_dir():
        raise PhaseError(
            f"phase '{phase.name}' is hidden: copy its input_data, never its reference_data, to "
            f"this machine as DIR/{phase.name}/input_data, then set ZCNAS_PHASES=DIR"
            + (f"; now it is {drawn}" if drawn else "")
        )
    return inputs


def halves_of(phase: Phase) -> tuple[Path, Path]:
    """Return the folders of a phase's two halves.

    Those of a hidden phase lie outside the repository.

    Raises:
        PhaseError: The phase is hidden, and ``ZCNAS_PHASES`` does not say where its draw is or
            names a folder without it.
    """
    if phase.truth == "public":
        return public_halves(phase.name)
    drawn = os.environ.get("ZCNAS_PHASES")
    if not drawn:
        raise PhaseError(
            f"phase '{phase.name}' is hidden: draw it with `zcnas sample --phase {phase.name} "
            f"--out DIR`, "
            "then set ZCNAS_PHASES=DIR"
        )
    halves = Path(drawn) / phase.name / "input_data", Path(drawn) / phase.name / "reference_data"
    for half in halves:
        if not half.is_dir():
            raise PhaseError(
                f"phase '{phase.name}' is not drawn yet: there is no {half}; draw it first with "
                f"`zcnas sample --phase {phase.name} --out {drawn}`"
            )
    return halves


def data_dir() -> Path | None:
    """Return the folder ``ZCNAS_DATA`` names: accuracy tables and the datasets' published files.

    Raises:
        UsageError: It names something else.
    """
    named = os.environ.get("ZCNAS_DATA")
    if not named:
        return None
    if not Path(named).is_dir():
        raise UsageError(f"ZCNAS_DATA names {named}, which is not a folder; unset or correct it")
    return Path(named)

"""What several commands share: where things are, how options are spelled, where output goes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from zcnas.errors import OrganiserError, PhaseError
from zcnas.phases import Phase, load_phase
from zcnas.resources import PHASES_FILE, SAMPLES_FOLDER, competition_file, public_halves

console = Console()
errors = Console(stderr=True)

FIRST_SAMPLES = ("nwot", "params", "synflow")
"""Enough for a first leaderboard in a few minutes; all of them take about an hour of CPU time."""

PhaseOption = Annotated[str, typer.Option(help="Phase of reference_data/phases.toml.")]
IsolationOption = Annotated[
    str,
    typer.Option(
        help="Where submissions run: auto, docker, process or a plugin's; auto takes Docker if its "
        "engine answers."
    ),
]
CpusOption = Annotated[str, typer.Option(help="CPUs to use, e.g. 0,1 or 0-3; all by default.")]
OutOption = Annotated[Path, typer.Option(help="Folder for the results.")]
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


def print_record(record: object) -> None:
    """Print a record as one line of JSON on stdout; paths and times as text."""
    typer.echo(
        json.dumps(msgspec.to_builtins(record, enc_hook=str), ensure_ascii=False, allow_nan=False)
    )


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
    """Return the folder ``ZCNAS_DATA`` names: accuracy tables and the datasets' published files."""
    named = os.environ.get("ZCNAS_DATA")
    if not named:
        return None
    if not Path(named).is_dir():
        raise OrganiserError(
            f"ZCNAS_DATA names {named}, which is not a folder; unset or correct it"
        )
    return Path(named)

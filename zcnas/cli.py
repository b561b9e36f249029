"""The commands behind ``make``: one console script, ``zcnas``."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console

from zcnas.errors import (
    InvalidSubmission,
    OrganiserError,
    PhaseError,
    PredictionError,
    ZcnasError,
)
from zcnas.isolation.program import ROOT
from zcnas.phases import Phase, load_phase
from zcnas.submissions import find_submissions, open_submission, pack_submission, submission_name

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)
console = Console()
errors = Console(stderr=True)

PHASES = ROOT / "reference_data" / "phases.toml"
SAMPLES = ROOT / "starting_kit" / "submissions"
PUBLIC_INPUT = ROOT / "starting_kit" / "input_data"

PhaseOption = Annotated[str, typer.Option(help="Phase of reference_data/phases.toml.")]
IsolationOption = Annotated[
    Literal["auto", "docker", "process"],
    typer.Option(help="Where submissions run; auto takes Docker if its engine answers."),
]
CpusOption = Annotated[str, typer.Option(help="CPUs to use, e.g. 0,1 or 0-3; all by default.")]
OutOption = Annotated[Path, typer.Option(help="Folder for the results.")]
BenchmarkOption = Annotated[
    list[str] | None, typer.Option("--benchmark", help="Only this benchmark; may be repeated.")
]


@app.command()
def score(
    submissions: Annotated[
        Path, typer.Argument(help="A submission, or a folder of them.")
    ] = SAMPLES,
    phase: PhaseOption = "practice",
    isolation: IsolationOption = "auto",
    cpus: CpusOption = "",
    out: OutOption = Path("build/score"),
    benchmark: BenchmarkOption = None,
) -> None:
    """Score submissions on a phase and print the leaderboard."""
    from zcnas.terminal import print_leaderboard, run_competition

    chosen = load_phase(PHASES, phase).only(benchmark or [])
    inputs, references = halves_of(chosen)
    leaderboard = run_competition(
        find_submissions(submissions),
        chosen,
        inputs,
        references,
        data_dir(),
        isolation,
        cpus,
        out,
        console,
    )
    print_leaderboard(leaderboard, out, console)
    if any(entry.status == "organiser_error" for entry in leaderboard.entries):
        raise typer.Exit(3)


@app.command("dry-run")
def dry_run(
    submission: Annotated[Path, typer.Argument(help="Your folder or zip.")],
    isolation: IsolationOption = "auto",
    cpus: CpusOption = "",
    out: OutOption = Path("build/dry-run"),
    benchmark: BenchmarkOption = None,
) -> None:
    """Score one submission on the practice phase as the organisers would; explain the result."""
    from zcnas.terminal import explain, run_competition

    chosen = load_phase(PHASES, "practice").only(benchmark or [])
    paths = find_submissions(submission)
    if len(paths) != 1:
        raise InvalidSubmission(
            str(submission), ["this is a folder of submissions; name one of them"]
        )
    inputs, references = halves_of(chosen)
    leaderboard = run_competition(
        paths, chosen, inputs, references, data_dir(), isolation, cpus, out, console
    )
    explain(leaderboard.entries[0], chosen, out, console)
    if leaderboard.entries[0].status != "scored":
        raise typer.Exit(1)


@app.command()
def check(
    submission: Annotated[Path, typer.Argument(help="A submission's folder or zip.")],
) -> None:
    """Check a submission without running it; list every problem."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        accepted = open_submission(submission, Path(folder) / "submission")
    console.print(f"{accepted.name}: accepted, digest {accepted.sha256[:16]}", markup=False)


@app.command()
def submission(
    submission: Annotated[Path, typer.Argument(help="Your folder or zip.")],
    out: OutOption = Path("build/submission"),
) -> None:
    """Check a submission and zip it for upload."""
    target = pack_submission(submission, out / f"{submission_name(submission)}.zip")
    console.print(f"{target}: ready to upload ({target.stat().st_size} bytes)", markup=False)


@app.command()
def sample(
    phase: PhaseOption = "practice",
    tables: Annotated[Path | None, typer.Option(help="Folder with accuracy tables.")] = None,
    seed_file: Annotated[
        Path | None, typer.Option(help="Secret seed of a hidden phase; made if missing.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of all phases' draws; this one goes to OUT/PHASE.")
    ] = None,
    architectures: Annotated[
        int | None, typer.Option(min=2, help="N, if another than the phase's.")
    ] = None,
) -> None:
    """Draw the architectures of a phase and write both halves: input_data and reference_data."""
    from zcnas.sampling import sample_phase

    chosen = load_phase(PHASES, phase)
    if architectures is not None:
        chosen = msgspec.structs.replace(chosen, architectures=architectures)
    if chosen.truth == "public" and out is None:
        inputs, references = halves_of(chosen)
    elif out is not None:
        inputs, references = out / phase / "input_data", out / phase / "reference_data"
    else:
        raise PhaseError(
            f"phase '{phase}' is hidden: name a folder outside the repository with --out DIR"
        )
    seed = chosen.draw_seed or _secret_seed(seed_file or inputs.parent / "draw_seed")
    others = [inputs.parents[1] / other / "input_data" for other in chosen.disjoint_from]
    sample_phase(chosen, seed, tables or data_dir(), inputs, references, others)
    console.print(f"{phase}: wrote {inputs} and {references}", markup=False, soft_wrap=True)


@app.command()
def leaderboard(
    out: Annotated[Path, typer.Argument(help="Folder of an earlier run.")] = Path("build/score"),
) -> None:
    """Print the leaderboard of an earlier run again."""
    from zcnas.leaderboard import Leaderboard
    from zcnas.records import read_json
    from zcnas.terminal import print_leaderboard

    path = out / "leaderboard.json"
    print_leaderboard(read_json(path, Leaderboard, PredictionError), out, console)


@app.command()
def image(
    base: Annotated[str, typer.Option(help="Base image with Python 3.11; found by default.")] = "",
) -> None:
    """Build the image submissions run in, if it is missing or stale."""
    from zcnas.isolation.container import connect
    from zcnas.isolation.image import ensure_image

    name = ensure_image(connect(), lambda text: console.print(text, markup=False), base or None)
    console.print(f"{name} is up to date", markup=False)


def halves_of(phase: Phase) -> tuple[Path, Path]:
    """Return the folders of a phase's two halves.

    Those of a hidden phase lie outside the repository.

    Raises:
        PhaseError: The phase is hidden and ``ZCNAS_PHASES`` does not say where its draw is.
    """
    if phase.truth == "public":
        return PUBLIC_INPUT, PHASES.parent / phase.name
    drawn = os.environ.get("ZCNAS_PHASES")
    if not drawn:
        raise PhaseError(
            f"phase '{phase.name}' is hidden: draw it with `zcnas sample --phase {phase.name} "
            f"--out DIR`, "
            "then set ZCNAS_PHASES=DIR"
        )
    return Path(drawn) / phase.name / "input_data", Path(drawn) / phase.name / "reference_data"


def data_dir() -> Path | None:
    """Return the folder ``ZCNAS_DATA`` names: accuracy tables and the datasets' published files."""
    named = os.environ.get("ZCNAS_DATA")
    if not named:
        return None
    if not Path(named).is_dir():
        raise OrganiserError(
            f"ZCNAS_DATA names {named}, which is no folder; unset it or correct it"
        )
    return Path(named)


def _secret_seed(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32) + "\n")
    return path.read_text().strip()


def main() -> None:
    """Run the command line.

    An error of ours is one message and exit code 2, 3 if this machine is at fault.
    """
    try:
        app()
    except ZcnasError as error:
        errors.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        raise SystemExit(3 if isinstance(error, OrganiserError) else 2) from None

"""``zcnas leaderboard``: what is done with the results of an earlier run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zcnas.errors import PhaseError, PredictionError, ReferenceDataError
from zcnas.organiser.cli.options import console, find_phase, halves_of

if TYPE_CHECKING:
    from zcnas.judging.leaderboard import Leaderboard
    from zcnas.phases import Phase


def leaderboard(
    out: Annotated[Path, typer.Argument(help="Folder of an earlier run.")] = Path("build/score"),
    site: Annotated[
        Path | None, typer.Option(help="Folder for the pages; OUT/leaderboard by default.")
    ] = None,
    after_deadline: Annotated[
        bool, typer.Option("--after-deadline", help="Show everything, seeds included.")
    ] = False,
) -> None:
    """Print the leaderboard of an earlier run again, and write its files and pages."""
    from zcnas.judging.leaderboard import Leaderboard
    from zcnas.organiser.cli.terminal import print_leaderboard
    from zcnas.records import read_json

    board = read_json(out / "leaderboard.json", Leaderboard, PredictionError)
    try:
        phase = find_phase(board.phase).only(list(board.benchmarks))
        board = publish_run(board, phase, out, site, after_deadline=after_deadline)
    except (PhaseError, ReferenceDataError) as error:
        console.print(f"no pages: {error}", style="yellow", markup=False, soft_wrap=True)
    print_leaderboard(board, out, console)
    if site is not None:
        console.print(f"pages: {site / 'index.html'}", markup=False, soft_wrap=True)


def publish_run(
    board: Leaderboard,
    phase: Phase,
    out: Path,
    site: Path | None = None,
    *,
    after_deadline: bool = False,
) -> Leaderboard:
    """Write a run's leaderboard and pages, and return the leaderboard as published.

    Raises:
        ZcnasError: The phase's data, the predictions or ``submissions.csv`` cannot be read.
    """
    from zcnas.organiser.results.publishing import publish
    from zcnas.records import read_input, read_reference

    inputs, references = halves_of(phase)
    specs = {
        key: {each.id: each.spec for each in read_input(inputs / f"{key}.json").architectures}
        for key in phase.benchmarks
    }
    seed = inputs.parent / "draw_seed"
    return publish(
        board,
        phase,
        {key: read_reference(references / f"{key}.json") for key in phase.benchmarks},
        out,
        site=site,
        specs=specs,
        draw_seed=seed.read_text().strip() if after_deadline and seed.is_file() else None,
        after_deadline=after_deadline,
    )

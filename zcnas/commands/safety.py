"""``zcnas feedback``: what leaves the organiser's machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from zcnas.commands.options import PHASES, console
from zcnas.errors import PredictionError
from zcnas.phases import load_phase

ResultsArgument = Annotated[Path, typer.Argument(help="Folder of an earlier run.")]


def feedback(
    out: ResultsArgument = Path("build/score"),
    to: Annotated[Path, typer.Option(help="An empty folder.")] = Path("build/feedback"),
    level: Annotated[
        Literal["full", "score_only", "none"] | None,
        typer.Option(help="Instead of the phase's own, for example after the deadline."),
    ] = None,
) -> None:
    """Write what each participant may see of a run, a folder per submission."""
    from zcnas.handing_out import hand_out
    from zcnas.leaderboard import Leaderboard
    from zcnas.records import read_json

    board = read_json(out / "leaderboard.json", Leaderboard, PredictionError)
    chosen = level or load_phase(PHASES, board.phase).feedback
    folders = hand_out(out, chosen, to)
    console.print(
        f"{to}: {len(folders)} folders, feedback level '{chosen}' of phase '{board.phase}'",
        markup=False,
        soft_wrap=True,
    )

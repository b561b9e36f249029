"""``zcnas leaderboard``: what is done with the results of an earlier run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zcnas.commands.options import console
from zcnas.errors import PredictionError


def leaderboard(
    out: Annotated[Path, typer.Argument(help="Folder of an earlier run.")] = Path("build/score"),
) -> None:
    """Print the leaderboard of an earlier run again."""
    from zcnas.leaderboard import Leaderboard
    from zcnas.records import read_json
    from zcnas.terminal import print_leaderboard

    path = out / "leaderboard.json"
    print_leaderboard(read_json(path, Leaderboard, PredictionError), out, console)

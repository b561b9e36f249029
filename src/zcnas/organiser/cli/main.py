"""The commands behind ``make``: one console script, ``zcnas``."""

from __future__ import annotations

import gc
import importlib.metadata
from typing import Annotated

import typer

from zcnas.organiser.cli import (
    analyses,
    data,
    dry_run,
    emulation,
    folder,
    forge,
    homecoming,
    machine,
    phases,
    platforms,
    publication,
    queue,
    results,
    safety,
    scoring,
    searching,
    serving,
    submission,
    trying,
)
from zcnas.organiser.cli.metavars import CommandGroup
from zcnas.organiser.cli.process import run_in_process

HELP = "Run a competition of zero-cost NAS predictors: score, check, bundle, publish."

app = typer.Typer(cls=CommandGroup, no_args_is_help=True, pretty_exceptions_enable=False, help=HELP)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"zcnas {importlib.metadata.version('zcnas')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Take what stands before a command."""


app.command("score")(scoring.score)
app.command("dry-run")(dry_run.dry_run)
app.command("smoke")(dry_run.smoke)
app.command("try")(trying.try_submission)
app.command("check")(submission.check)
app.command("submission")(submission.submission)
app.command("data")(data.data)
app.command("init")(folder.init)
app.command("phases")(phases.list_phases)
app.command("sample")(phases.sample)
app.command("leaderboard")(results.leaderboard)
app.command("status")(results.status)
app.command("rank")(results.rank)
app.command("merge")(results.merge)
app.command("publish")(publication.publish)
app.command("bundle")(platforms.bundle)
app.command("bundle-check")(platforms.bundle_check)
app.command("emulate")(emulation.emulate)
app.command("pull")(homecoming.pull)
app.command("repeat")(homecoming.repeat)
app.command("feedback")(safety.feedback)
app.command("audit")(safety.audit)
app.command("doctor")(safety.doctor)
app.command("serve")(serving.serve)
app.add_typer(queue.app, name="queue")
app.command("analyse")(analyses.analyse)
app.add_typer(searching.app, name="search")
app.add_typer(forge.app, name="forge")
app.command("image")(machine.image)

_OBJECTS_BETWEEN_COLLECTIONS = 100_000
"""As many as importing torch makes; with Python's 700, a tenth of a start is collection."""


def main() -> None:
    """Run the command line."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    run_in_process(app)

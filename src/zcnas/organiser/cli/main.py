"""The commands behind ``make``: one console script, ``zcnas``."""

from __future__ import annotations

import errno
import importlib.metadata
from typing import Annotated, NoReturn

import typer

from zcnas.errors import OrganiserError, ZcnasError
from zcnas.organiser.cli import (
    analyses,
    data,
    dry_run,
    emulation,
    folder,
    homecoming,
    machine,
    phases,
    platforms,
    results,
    safety,
    scoring,
    submission,
    trying,
)
from zcnas.organiser.cli.extras import missing_extra
from zcnas.organiser.cli.options import errors

HELP = "Run a competition of zero-cost NAS predictors: score, check, bundle, publish."

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=HELP)


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
app.command("bundle")(platforms.bundle)
app.command("bundle-check")(platforms.bundle_check)
app.command("emulate")(emulation.emulate)
app.command("pull")(homecoming.pull)
app.command("repeat")(homecoming.repeat)
app.command("feedback")(safety.feedback)
app.command("audit")(safety.audit)
app.command("doctor")(safety.doctor)
app.command("analyse")(analyses.analyse)
app.command("image")(machine.image)


DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


def main() -> None:
    """Run the command line.

    A ``ZcnasError`` is one message and exit code 2, 3 if this machine is at fault. A disk may be
    full wherever something is written, and a package of an extra may be missing wherever one is
    imported, so both are told here.
    """
    try:
        app()
    except OSError as error:
        if error.errno not in DISK_FAULTS:
            raise
        where = f" ({error.filename})" if error.filename else ""
        _fail(
            f"{error.strerror}{where}; make room, or name another --out, then repeat "
            "the command to resume",
            3,
        )
    except ModuleNotFoundError as error:
        missing = missing_extra(error)
        if missing is None:
            raise
        _fail(str(missing), 2)
    except ZcnasError as error:
        _fail(str(error), 3 if isinstance(error, OrganiserError) else 2)


def _fail(message: str, code: int) -> NoReturn:
    errors.print(f"error: {message}", style="red", markup=False, soft_wrap=True)
    raise SystemExit(code) from None

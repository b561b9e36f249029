"""The commands behind ``make``: one console script, ``zcnas``."""

from __future__ import annotations

import errno

import typer

from zcnas.errors import OrganiserError, ZcnasError
from zcnas.organiser.cli import (
    data,
    folder,
    machine,
    phases,
    platforms,
    results,
    runs,
    safety,
    scoring,
    submission,
)
from zcnas.organiser.cli.options import errors

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)
app.command("score")(scoring.score)
app.command("dry-run")(scoring.dry_run)
app.command("check")(submission.check)
app.command("submission")(submission.submission)
app.command("data")(data.data)
app.command("init")(folder.init)
app.command("phases")(phases.list_phases)
app.command("sample")(phases.sample)
app.command("leaderboard")(results.leaderboard)
app.command("status")(runs.status)
app.command("rank")(runs.rank)
app.command("merge")(runs.merge)
app.command("bundle")(platforms.bundle)
app.command("bundle-check")(platforms.bundle_check)
app.command("emulate")(platforms.emulate)
app.command("feedback")(safety.feedback)
app.command("audit")(safety.audit)
app.command("doctor")(safety.doctor)
app.command("image")(machine.image)


DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


def main() -> None:
    """Run the command line.

    An error of ours is one message and exit code 2, 3 if this machine is at fault. A disk may be
    full wherever something is written, so that is told here.
    """
    try:
        app()
    except OSError as error:
        if error.errno not in DISK_FAULTS:
            raise
        where = f" ({error.filename})" if error.filename else ""
        errors.print(
            f"error: {error.strerror}{where}; make room, or name another OUT=, then give the same "
            "command again",
            style="red",
            markup=False,
            soft_wrap=True,
        )
        raise SystemExit(3) from None
    except ZcnasError as error:
        errors.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
        raise SystemExit(3 if isinstance(error, OrganiserError) else 2) from None

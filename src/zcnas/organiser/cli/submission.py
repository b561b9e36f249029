"""``zcnas check`` and ``zcnas submission``: what a participant does before uploading."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from zcnas.organiser.cli.options import JsonOption, OutOption, console, print_record
from zcnas.submissions import (
    accepted_contents,
    open_submission,
    pack_submission,
    submission_name,
)
from zcnas.submissions.remarks import remarks_of


def check(
    submission: Annotated[Path, typer.Argument(help="A submission's folder or zip.")],
    as_json: JsonOption = False,
) -> None:
    """Check a submission without running it; list every problem."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        accepted = open_submission(submission, Path(folder) / "submission")
    _print_remarks(accepted.remarks)
    console.print(f"{accepted.name}: accepted, digest {accepted.sha256[:16]}", markup=False)
    if as_json:
        print_record(
            {"name": accepted.name, "sha256": accepted.sha256, "remarks": accepted.remarks}
        )


def submission(
    submission: Annotated[Path, typer.Argument(help="Your folder or zip.")],
    out: OutOption = Path("build/submission"),
    as_json: JsonOption = False,
) -> None:
    """Check a submission and zip it for upload."""
    _print_remarks(remarks_of(accepted_contents(submission)))
    target = pack_submission(submission, out / f"{submission_name(submission)}.zip")
    console.print(f"{target}: ready to upload ({target.stat().st_size} bytes)", markup=False)
    if as_json:
        print_record({"zip": target, "bytes": target.stat().st_size})


def _print_remarks(remarks: Iterable[str]) -> None:
    for remark in remarks:
        console.print(remark, style="yellow", markup=False, soft_wrap=True)

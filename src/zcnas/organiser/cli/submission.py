"""``zcnas check`` and ``zcnas submission``: what a participant does before uploading."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from zcnas.organiser.cli.options import (
    JsonOption,
    OutOption,
    console,
    path_argument,
    print_record,
    say,
    say_next,
)
from zcnas.participant.checking import Checked, check_submission
from zcnas.submissions import find_submission, pack_submission


def check(
    submission: Annotated[Path, path_argument("Your folder or zip.")],
    as_json: JsonOption = False,
) -> None:
    """Check a submission without running it; list every problem."""
    accepted = check_submission(find_submission(submission, say))
    print_remarks(accepted)
    console.print(
        f"{accepted.name}: accepted, digest {accepted.sha256[:16]}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    say_next(f"zcnas smoke {submission} asks it on every benchmark")
    if as_json:
        print_record(
            {"name": accepted.name, "sha256": accepted.sha256, "remarks": accepted.remarks}
        )


def submission(
    submission: Annotated[Path, path_argument("Your folder or zip.")],
    out: OutOption = Path("build/submission"),
    as_json: JsonOption = False,
) -> None:
    """Check a submission and zip it for upload."""
    path = find_submission(submission, say)
    accepted = check_submission(path)
    print_remarks(accepted)
    target = pack_submission(path, out / f"{accepted.name}.zip")
    for name, content in sorted(accepted.files.items()):
        console.print(f"  {len(content):>9} {name}", markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"{target}: ready to upload ({target.stat().st_size} bytes)",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    say_next("upload it on the competition's page")
    if as_json:
        record = {
            "zip": target,
            "bytes": target.stat().st_size,
            "files": sorted(accepted.files),
            "remarks": accepted.remarks,
        }
        print_record(record)


def print_remarks(checked: Checked) -> None:
    """Print what is left out of a submission, and what may fail where submissions run."""
    for remark in checked.remarks:
        console.print(remark, style="yellow", markup=False, soft_wrap=True)

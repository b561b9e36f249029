"""``zcnas init``: a competition folder of one's own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from zcnas.errors import PhaseError
from zcnas.organiser.cli.options import JsonOption, console, print_record
from zcnas.resources import EDITABLE, package_file


def init(
    folder: Annotated[Path, typer.Argument(help="The new folder.")],
    as_json: JsonOption = False,
) -> None:
    """Make a competition folder to edit: phases, the practice phase's halves, competition.yaml."""
    there = [name for name in EDITABLE if (folder / name).exists()]
    if there:
        raise PhaseError(
            f"{folder} already holds {', '.join(there)}, which would be overwritten; name another "
            "folder"
        )
    for name in EDITABLE:
        source, target = package_file(name), folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
    console.print(
        f"{folder}: edit reference_data/phases.toml and competition.yaml; commands given in this "
        "folder or below use them",
        markup=False,
        soft_wrap=True,
    )
    if as_json:
        print_record({"folder": folder, "files": EDITABLE})

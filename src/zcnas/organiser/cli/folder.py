"""``zcnas init``: a starting kit to work in, or a competition folder of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zcnas.errors import PhaseError
from zcnas.organiser.cli.options import (
    JsonOption,
    console,
    folder_argument,
    print_record,
    say_next,
)
from zcnas.organiser.kit import kit_files
from zcnas.words.resources import EDITABLE, package_file


def init(
    folder: Annotated[Path, folder_argument("The new folder.")],
    competition: Annotated[
        bool,
        typer.Option("--competition", help="An organiser's folder, instead of a participant's."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a starting kit to write your predictor in."""
    files = _competition_files() if competition else kit_files()
    there = sorted(
        {name.partition("/")[0] for name in files if (folder / name.partition("/")[0]).exists()}
    )
    if there:
        raise PhaseError(
            f"{folder} already holds {', '.join(there)}, which would be overwritten; name another "
            "folder"
        )
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    tops = sorted({name.partition("/")[0] for name in files})
    console.print(f"{folder}: {', '.join(tops)}", markup=False, highlight=False, soft_wrap=True)
    if competition:
        say_next(
            "edit reference_data/phases.toml and competition.yaml; commands given in this folder "
            "or below use them"
        )
    else:
        say_next(f"cd {folder}; python predictor.py tries the predictor in it")
    if as_json:
        print_record({"folder": folder, "files": tops})


def _competition_files() -> dict[str, bytes]:
    """Return what an organiser edits: phases, the practice phase's halves, competition.yaml."""
    root = package_file("")
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for name in EDITABLE
        for path in ([package_file(name)] if package_file(name).is_file()
                     else sorted(package_file(name).rglob("*")))
        if path.is_file()
    }  # fmt: skip

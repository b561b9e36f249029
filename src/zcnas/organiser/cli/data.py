"""``zcnas data``: the datasets' published files, fetched or described."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from zcnas.errors import DownloadError, PhaseError
from zcnas.organiser.cli.options import (
    JsonOption,
    console,
    errors,
    find_phase,
    folder_option,
    print_record,
)
from zcnas.words.forged_names import parse_forged_name


def data(
    to: Annotated[
        Path | None, folder_option("The data folder; by default what ZCNAS_DATA names.")
    ] = None,
    dataset: Annotated[
        list[str] | None, typer.Option(help="Only this dataset; may be repeated.")
    ] = None,
    phase: Annotated[
        str, typer.Option(help="Only the datasets of this phase; its tables are checked as well.")
    ] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Fetch nothing; say what is there.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Fetch the datasets' published files, and list what you have to download yourself."""
    from zcnas.datasets.sources import sources_of

    folder = to or _named_folder()
    wanted = list(dataset or [])
    if phase:
        wanted += _check_phase(phase, folder)
    states: dict[str, str] = {}
    for source in sources_of(wanted):
        missing = source.missing(folder)
        if not missing:
            states[source.title] = "present"
            console.print(f"{source.title}: present", markup=False)
        elif not source.downloads or check:
            states[source.title] = "missing"
            _describe(source.title, missing, source.by_hand or "fetched by `zcnas data`", folder)
        else:
            try:
                _fetch_with_bar(source, folder)
                states[source.title] = "fetched"
                console.print(f"{source.title}: fetched", markup=False)
            except DownloadError as error:
                states[source.title] = "failed"
                errors.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
    console.print(f"data folder: {folder} (export ZCNAS_DATA={folder.resolve()})", markup=False,
                  highlight=False, soft_wrap=True)  # fmt: skip
    if as_json:
        print_record({"folder": folder, "datasets": states})
    if "failed" in states.values():
        raise typer.Exit(1)


def _named_folder() -> Path:
    named = os.environ.get("ZCNAS_DATA")
    if not named:
        raise PhaseError("no data folder is named: set ZCNAS_DATA=FOLDER, or pass --to FOLDER")
    return Path(named)


def _check_phase(name: str, folder: Path) -> list[str]:
    """Print what is missing of a phase's tables; return the phase's datasets that are published."""
    from zcnas.datasets.inventory import inventory

    phase = find_phase(name)
    for item in inventory(phase, folder):
        if item.what.startswith("images"):
            continue
        if item.missing:
            _describe(item.what, item.missing, item.advice, folder)
        else:
            console.print(f"{item.what}: present", markup=False)
    names = {benchmark.dataset.name for benchmark in phase.get_benchmarks()}
    return sorted(name for name in names if not parse_forged_name(name))


def _describe(title: str, missing: tuple[str, ...], advice: str, folder: Path) -> None:
    console.print(f"{title}: missing in {folder}:", markup=False, style="yellow", soft_wrap=True)
    shown = missing if len(missing) <= 3 else (missing[0], "…", missing[-1])
    console.print(f"  {', '.join(shown)}", markup=False, soft_wrap=True)
    for line in advice.splitlines():
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def _fetch_with_bar(source: object, folder: Path) -> None:
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    from zcnas.datasets.download import fetch
    from zcnas.datasets.sources import Source

    assert isinstance(source, Source)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task(source.title, total=None)
        fetch(source, folder, lambda done, total: bars.update(task, completed=done, total=total))

"""``zcnas emulate``: a submission as a platform would run it, on the organiser's own machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from zcnas.errors import UsageError
from zcnas.organiser.cli.options import (
    IsolationOption,
    JsonOption,
    OutOption,
    console,
    path_option,
    print_record,
)
from zcnas.organiser.cli.progress import watch_steps
from zcnas.organiser.extras import require
from zcnas.words.resources import SETTINGS_FILE, competition_file

if TYPE_CHECKING:
    from zcnas.organiser.platforms.emulator.steps import Runner


def emulate(
    submission: Annotated[Path, path_option("What a participant uploads: a zip or folder.")],
    platform: Annotated[
        Literal["codabench", "codalab"], typer.Option(help="Whose worker to stand in for.")
    ] = "codabench",
    bundle: Annotated[
        Path | None, path_option("The bundle; build/bundle/PLATFORM.zip by default.")
    ] = None,
    phase: Annotated[str, typer.Option(help="A phase's name; the first by default.")] = "",
    isolation: IsolationOption = "auto",
    image: Annotated[str, typer.Option(help="Another image than the bundle's.")] = "",
    enforce_limit: Annotated[
        bool | None,
        typer.Option(help="Whether the time limit strikes; by default as the platform does."),
    ] = None,
    network: Annotated[
        bool, typer.Option("--network", help="Give the programs a network, as a shared queue does.")
    ] = False,
    run_own_command: Annotated[
        bool,
        typer.Option(
            "--run-own-command",
            help="Without containers: run the command in the submission's metadata, as you.",
        ),
    ] = False,
    out: OutOption = Path("build/emulate"),
    as_json: JsonOption = False,
) -> None:
    """Run a submission as the platform would: same folders, user, commands and failures."""
    from zcnas.organiser.platforms.emulator import Emulation
    from zcnas.organiser.platforms.emulator import emulate as run
    from zcnas.organiser.platforms.emulator.bundles import read_task
    from zcnas.organiser.platforms.emulator.containers import ContainerRunner
    from zcnas.organiser.platforms.settings import read_settings

    task = read_task(bundle or Path("build/bundle") / f"{platform}.zip", platform, phase or None)
    runner = _runner(isolation, image or task.image, network)
    console.print(
        f"{platform}, phase {task.phase}: {runner.description}", markup=False, soft_wrap=True
    )
    contained = isinstance(runner, ContainerRunner)
    with watch_steps(console) as watch:
        how = Emulation(
            platform=platform,
            runner=runner,
            out=out / platform,
            enforce_limit=enforce_limit,
            own_command=contained or run_own_command,
            watch=watch,
            shared_limit_s=read_settings(competition_file(SETTINGS_FILE)).time_granted_s,
        )
        verdict = run(task, submission, how)
    console.print(
        f"{verdict.status}. {verdict.details}", style="bold", markup=False, soft_wrap=True
    )
    for key, value in verdict.posted.items():
        console.print(f"  {key}: {value}", markup=False, highlight=False)
    if verdict.left_out:
        text = f"links and special files, not copied: {', '.join(verdict.left_out[:5])}"
        console.print(text, style="yellow", markup=False, soft_wrap=True)
    console.print(f"logs and outputs: {verdict.folder}", markup=False, soft_wrap=True)
    if as_json:
        print_record(verdict)
    if verdict.status == "Failed" or not verdict.posted:
        raise typer.Exit(1)


def _runner(isolation: str, image: str, network: bool) -> Runner:
    """Return containers where an engine answers or must, otherwise a folder tree."""
    from zcnas.isolation.engine import connect, engine_answers
    from zcnas.isolation.image import IMAGE, ensure_image
    from zcnas.organiser.platforms.emulator.containers import ContainerRunner
    from zcnas.organiser.platforms.emulator.folders import FolderRunner

    if isolation not in ("auto", "docker", "process"):
        raise UsageError(
            f"--isolation {isolation} is not what a platform has; choose docker, or process for "
            "submissions you trust"
        )
    if isolation == "docker" or (isolation == "auto" and engine_answers()):
        client = connect()
        if image == IMAGE:
            ensure_image(client, lambda text: console.print(text, markup=False))
        return ContainerRunner(client, image, network)
    if isolation == "auto":
        console.print(
            "WARNING: no Docker engine answers, so the submission runs as a plain process of this "
            "user. Run only code you trust.",
            style="yellow",
            soft_wrap=True,
        )
    require("torch", "running a submission as a plain process")
    return FolderRunner(network)

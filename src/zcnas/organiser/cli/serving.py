"""``zcnas serve``: a competition on the organiser's own server."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zcnas.errors import PhaseError
from zcnas.organiser.cli.options import (
    CpusOption,
    IsolationOption,
    SchedulerOption,
    console,
    data_dir,
    find_phase,
    folder_argument,
    halves_of,
    say,
)
from zcnas.organiser.extras import require
from zcnas.submissions.names import place_of
from zcnas.words.resources import SETTINGS_FILE, competition_file

if TYPE_CHECKING:
    from zcnas.organiser.serving.plan import Plan

FolderArgument = Annotated[Path, folder_argument("The server's folder; made if it is new.")]
PhasesOption = Annotated[
    list[str] | None,
    typer.Option("--phase", help="Only this phase of competition.yaml; may be repeated."),
]
ON_A_CLUSTER = 8
"""Attempts that run at a time on a cluster; each of its benchmarks is a job of its own there."""


def serve(
    folder: FolderArgument = Path("build/serve"),
    phase: PhasesOption = None,
    isolation: IsolationOption = "auto",
    cpus: CpusOption = "",
    scheduler: SchedulerOption = "",
    jobs: Annotated[
        int,
        typer.Option(
            min=0,
            help="Attempts that run at a time; by default one per CPU, on a cluster "
            f"{ON_A_CLUSTER}.",
        ),
    ] = 0,
    check: Annotated[
        bool, typer.Option("--check", help="Say what is missing before it can open, and end.")
    ] = False,
) -> None:
    """Serve a competition from a folder: inbox/TEAM/*.zip in, boards and outbox/TEAM/ out."""
    from zcnas.isolation.choice import choose_isolation
    from zcnas.organiser.serving.server import opened

    undrawn: list[PhaseError] = []
    plan = plan_of(folder, phase or [], isolation, cpus, scheduler, jobs, undrawn.append)
    if check:
        _check(plan, cpus, undrawn)
        return
    for error in undrawn:
        raise error
    for served in () if scheduler else plan.phases:
        if choose_isolation(isolation, served.phase, say).name == "process":
            require("torch", "running submissions as plain processes")
    with opened(plan, _log) as server:
        names = ", ".join(each.phase.title for each in plan.phases)
        where = f"on scheduler {scheduler}" if scheduler else f"on CPUs {list(plan.cpus)}"
        _log(f"serving {names} in {folder} {where}; Ctrl-C ends it")
        try:
            server.serve()
        except KeyboardInterrupt:
            _log("ended; what was running resumes with the next `zcnas serve`")
            raise


def plan_of(
    folder: Path, names: list[str], isolation: str, cpus: str, scheduler: str, jobs: int,
    undrawn: Callable[[PhaseError], None],
) -> Plan:  # fmt: skip
    """Return what a server of a folder is to do, with the phases whose draws are here.

    Args:
        folder: The server's.
        names: Of phases; none for all of ``competition.yaml``.
        isolation: Where submissions run.
        cpus: The CPU list as typed.
        scheduler: A cluster's; "" for this machine.
        jobs: How many attempts run at a time; 0 for as many as suit.
        undrawn: Told of a phase whose draw is missing.

    Raises:
        ZcnasError: A phase has no dates, or a setting is malformed.
    """
    from zcnas.isolation.machine import parse_cpus
    from zcnas.organiser.cli.terminal import join_cluster
    from zcnas.organiser.platforms.settings import read_settings, schedule
    from zcnas.organiser.results.identity import identity_of
    from zcnas.organiser.serving.calendar import ServedPhase
    from zcnas.organiser.serving.layout import Layout
    from zcnas.organiser.serving.plan import Plan

    require("jinja2", "the board that a server keeps up")
    path = competition_file(SETTINGS_FILE)
    settings = read_settings(path)
    phases = []
    for name, dates in schedule(settings, names or list(settings.phases)):
        chosen = find_phase(name)
        try:
            inputs, references = halves_of(chosen)
        except PhaseError as error:
            undrawn(error)
            continue
        identity = identity_of(settings, path.parent, name)
        phases.append(
            ServedPhase(chosen, dates, inputs.absolute(), references.absolute(), identity)
        )
    if scheduler:
        join_cluster(isolation, cpus, scheduler)
    usable = [] if scheduler else parse_cpus(cpus)
    return Plan(
        layout=Layout(place_of(folder)),
        phases=phases,
        isolation=isolation,
        cpus=usable,
        jobs=jobs or len(usable) or ON_A_CLUSTER,
        scheduler=scheduler,
        data=data_dir(),
    )


def _log(text: str) -> None:
    moment = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")
    console.print(f"{moment} {text}", markup=False, highlight=False, soft_wrap=True)


def _check(plan: Plan, cpus: str, undrawn: list[PhaseError]) -> None:
    """Print what is missing before the competition can open.

    Args:
        plan: What a server is to do.
        cpus: The CPU list as typed.
        undrawn: What says that a phase's draw is missing.

    Raises:
        Exit: With 3, if something must be fixed.
    """
    from zcnas.organiser.cli.safety import print_finding
    from zcnas.organiser.doctor import error
    from zcnas.organiser.serving.readiness import findings

    found = []
    told = [("draws", error(*str(each).split(": ", 1))) for each in undrawn]
    for name, finding in (*told, *(findings(plan, cpus) if plan.phases else ())):
        print_finding(name, finding)
        found.append(finding)
    if any(finding.verdict == "error" for finding in found):
        raise typer.Exit(3)

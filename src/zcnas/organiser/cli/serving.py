"""``zcnas serve``: a competition on the organiser's own server."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zcnas.organiser.cli.options import (
    CpusOption,
    IsolationOption,
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


def serve(
    folder: FolderArgument = Path("build/serve"),
    phase: PhasesOption = None,
    isolation: IsolationOption = "auto",
    cpus: CpusOption = "",
    check: Annotated[
        bool, typer.Option("--check", help="Say what is missing before it can open, and end.")
    ] = False,
) -> None:
    """Serve a competition from a folder: inbox/TEAM/*.zip in, boards and outbox/TEAM/ out."""
    from zcnas.isolation.choice import choose_isolation
    from zcnas.organiser.serving.server import opened

    plan = plan_of(folder, phase or [], isolation, cpus)
    if check:
        _check(plan, cpus)
        return
    for served in plan.phases:
        if choose_isolation(isolation, served.phase, say).name == "process":
            require("torch", "running submissions as plain processes")
    with opened(plan, _log) as server:
        names = ", ".join(each.phase.title for each in plan.phases)
        _log(f"serving {names} in {folder} on CPUs {list(plan.cpus)}; Ctrl-C ends it")
        try:
            server.serve()
        except KeyboardInterrupt:
            _log("ended; what was running resumes with the next `zcnas serve`")
            raise


def plan_of(folder: Path, names: list[str], isolation: str, cpus: str) -> Plan:
    """Return what a server of a folder is to do.

    Raises:
        ZcnasError: A phase has no dates or is not drawn, or a setting is malformed.
    """
    from zcnas.isolation.machine import parse_cpus
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
        inputs, references = halves_of(chosen)
        identity = identity_of(settings, path.parent, name)
        phases.append(
            ServedPhase(chosen, dates, inputs.absolute(), references.absolute(), identity)
        )
    return Plan(
        layout=Layout(place_of(folder)),
        phases=phases,
        isolation=isolation,
        cpus=parse_cpus(cpus),
        data=data_dir(),
    )


def _log(text: str) -> None:
    moment = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")
    console.print(f"{moment} {text}", markup=False, highlight=False, soft_wrap=True)


def _check(plan: Plan, cpus: str) -> None:
    """Print what is missing before the competition can open.

    Raises:
        Exit: With 3, if something must be fixed.
    """
    from zcnas.organiser.cli.safety import print_finding
    from zcnas.organiser.serving.readiness import findings

    found = []
    for name, finding in findings(plan, cpus):
        print_finding(name, finding)
        found.append(finding)
    if any(finding.verdict == "error" for finding in found):
        raise typer.Exit(3)

"""``zcnas queue``: what a server has received, and what an organiser decides about it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from zcnas.errors import ServingError
from zcnas.organiser.cli.options import (
    JsonOption,
    console,
    folder_argument,
    folder_option,
    path_argument,
    print_record,
)
from zcnas.submissions.names import place_of
from zcnas.words.text import legible, one_line, plural

if TYPE_CHECKING:
    from zcnas.organiser.serving.attempts import Attempt, Run
    from zcnas.organiser.serving.layout import Layout
    from zcnas.organiser.serving.store import Store

DEFAULT = Path("build/serve")
LATEST = 50
"""Attempts that are listed unless all are asked for."""

FolderOption = Annotated[Path, folder_option("The server's folder.")]
NumberArgument = Annotated[int, typer.Argument(help="The attempt's number.")]

app = typer.Typer()


@app.callback(invoke_without_command=True)
def queue(
    context: typer.Context,
    folder: FolderOption = DEFAULT,
    everything: Annotated[
        bool, typer.Option("--all", help=f"Every attempt, not the latest {LATEST}.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """List what `zcnas serve` has received; subcommands decide about it."""
    if context.invoked_subcommand is not None:  # a folder named before it is meant for it
        context.default_map = {context.invoked_subcommand: {"folder": str(folder)}}
        return
    from zcnas.organiser.serving.view import queue_view

    with _opened(folder) as (store, layout):
        attempts, runs = store.attempts(), store.runs()
        chosen = {n for name in {a.phase for a in attempts} for n in store.chosen(name)}
        view = queue_view(store, layout)
        served = layout.is_served()
    if as_json:
        print_record(
            {
                "served": served, "queue": view, "attempts": attempts, "runs": runs,
                "chosen": sorted(chosen),
            }
        )  # fmt: skip
        return
    state = "a server is running" if served else "no server is running"
    paused = f"; paused: {view.paused}" if view.paused is not None else ""
    _print(
        f"{folder}: {state}; {len(view.running)} running, {len(view.waiting)} waiting, "
        f"{plural(len(attempts), 'attempt')} in all{paused}"
    )
    places = {line.number: f"place {place}" for place, line in enumerate(view.waiting, start=1)}
    places |= {each.number: f"{each.architectures} of {each.of}" for each in view.running}
    listed = attempts if everything else attempts[-LATEST:]
    if listed:
        console.print(_table(listed, runs, places, attempts, chosen), markup=False)


@app.command("cancel")
def cancel(number: NumberArgument, folder: FolderOption = DEFAULT) -> None:
    """Take an attempt out of the queue, or stop it; it counts against no quota."""
    from zcnas.organiser.serving import decisions

    _decide(folder, "cancelled", lambda store: decisions.cancel(store, number))


@app.command("requeue")
def requeue(number: NumberArgument, folder: FolderOption = DEFAULT) -> None:
    """Put an attempt back that failed on this machine's side or was cancelled; it resumes."""
    from zcnas.organiser.serving import decisions

    _decide(folder, "waiting", lambda store: decisions.requeue(store, number))


@app.command("disqualify")
def disqualify(
    number: NumberArgument,
    why: Annotated[str, typer.Option(help="What the team is told.")],
    folder: FolderOption = DEFAULT,
) -> None:
    """Take an attempt off the board and tell its team why; its runs are kept."""
    from zcnas.organiser.serving import decisions

    _decide(folder, "disqualified", lambda store: decisions.disqualify(store, number, why))


@app.command("reinstate")
def reinstate(number: NumberArgument, folder: FolderOption = DEFAULT) -> None:
    """Undo a disqualification."""
    from zcnas.organiser.serving import decisions

    _decide(folder, "reinstated", lambda store: decisions.reinstate(store, number))


@app.command("rerun")
def rerun(
    number: Annotated[int | None, typer.Argument(help="A scored attempt's number.")] = None,
    phase: Annotated[str, typer.Option(help="Instead: every scored attempt of a phase.")] = "",
    folder: FolderOption = DEFAULT,
) -> None:
    """Run scored attempts once more, after a fix; both results are kept, the later counts."""
    from zcnas.organiser.serving import decisions

    if (number is None) == (not phase):
        raise ServingError("name either one attempt by its number or --phase PHASE for all of it")
    if number is not None:
        _decide(folder, "waiting", lambda store: decisions.rerun(store, number))
        return
    with _opened(folder) as (store, _):
        attempts = decisions.rerun_all(store, phase)
    _print(f"{plural(len(attempts), 'attempt')} of {phase} will be run again")


@app.command("choose")
def choose(number: NumberArgument, folder: FolderOption = DEFAULT) -> None:
    """Have an attempt count for its team, in a phase with counts = "chosen"."""
    from zcnas.organiser.serving import decisions

    _decide(folder, "chosen", lambda store: decisions.choose(store, number))


@app.command("take")
def take(
    pulled: Annotated[Path, folder_argument("A folder that `zcnas pull` filled.")],
    folder: FolderOption = DEFAULT,
) -> None:
    """Take in what was pulled from a platform, with its teams and times; again, what is new."""
    from zcnas.organiser.serving.intake import Intake
    from zcnas.organiser.serving.plan import Plan
    from zcnas.organiser.serving.pulled import take_pulled

    with _opened(folder) as (store, layout):
        plan = Plan(layout=layout, phases=(), isolation="", cpus=(), jobs=0)
        attempts = take_pulled(pulled, Intake(plan, store, _print), store)
    for attempt in attempts:
        _print(f"{attempt.name} ({attempt.file}): {attempt.state}")
    _print(f"{pulled}: {plural(len(attempts), 'new attempt')}")


@app.command("pause")
def pause(
    why: Annotated[str, typer.Option(help="For other organisers.")] = "by hand",
    folder: FolderOption = DEFAULT,
) -> None:
    """Have no further attempt started; those that run end, and files are still taken."""
    with _opened(folder) as (store, _):
        store.pause(why)
    _print("paused; `zcnas queue resume` ends the pause")


@app.command("resume")
def resume(folder: FolderOption = DEFAULT) -> None:
    """Have attempts started again."""
    with _opened(folder) as (store, _):
        store.resume()
    _print("resumed")


@app.command("backup")
def backup(
    to: Annotated[Path, folder_argument("A new folder.")], folder: FolderOption = DEFAULT
) -> None:
    """Copy the database, the submissions and the results, while the server runs or not."""
    from zcnas.organiser.serving.backup import back_up
    from zcnas.organiser.serving.layout import Layout

    count = back_up(Layout(place_of(folder)), to)
    _print(f"{to}: {plural(count, 'attempt')}")


@app.command("restore")
def restore(
    backup: Annotated[Path, path_argument("A folder that `zcnas queue backup` has written.")],
    folder: FolderOption = DEFAULT,
) -> None:
    """Make a server's folder from a backup; `zcnas serve` then draws the same boards."""
    from zcnas.organiser.serving.backup import restore as from_backup
    from zcnas.organiser.serving.layout import Layout

    from_backup(backup, Layout(place_of(folder)))
    _print(f"{folder} is restored; next: zcnas serve {folder}")


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[tuple[Store, Layout]]:
    """Yield the database of a server's folder, which must be one.

    Raises:
        ServingError: It is none.
    """
    from zcnas.organiser.serving.layout import Layout
    from zcnas.organiser.serving.store import Store

    layout = Layout(place_of(folder))
    if not layout.database.is_file():
        raise ServingError(
            f"{folder} is not a server's folder; name the one that `zcnas serve` was given, with "
            "--folder"
        )
    with contextlib.closing(Store(layout.database)) as store:
        yield store, layout


def _decide(folder: Path, done: str, decision: Callable[[Store], Attempt]) -> None:
    with _opened(folder) as (store, _):
        attempt = decision(store)
    _print(f"{attempt.name}: {done}")


def _table(
    listed: list[Attempt], runs: list[Run], places: dict[int, str], attempts: list[Attempt],
    chosen: set[int],
) -> Table:  # fmt: skip
    latest = {run.attempt: run for run in runs}
    teams: dict[str, set[str]] = {}
    for attempt in attempts:
        if attempt.sha256:
            teams.setdefault(attempt.sha256, set()).add(attempt.team)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("#", "team", "file", "phase", "received", "state", "score", "remark"):
        table.add_column(name, overflow="fold", justify="right" if name in "#score" else "left")
    for attempt in listed:
        run = latest.get(attempt.number)
        state = f"{attempt.state} {places.get(attempt.number, '')}".strip()
        score = "" if run is None or run.score is None else f"{run.score:.4f}"
        others = sorted(teams.get(attempt.sha256, set()) - {attempt.team})
        remarks = [f"same content as {', '.join(map(legible, others))}"] if others else []
        remarks += ["chosen"] if attempt.number in chosen else []
        remarks += (
            [run.fault] if run is not None and run.fault and attempt.state == "failed" else []
        )
        remarks += [one_line(attempt.note)] if attempt.note else []
        table.add_row(
            *(str(attempt.number), legible(attempt.team), one_line(attempt.file), attempt.phase),
            *(attempt.received_at.replace("+00:00", "Z"), state, score, "; ".join(remarks)),
        )
    return table


def _print(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)

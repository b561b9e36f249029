"""``zcnas forge``: a benchmark whose accuracies nobody can look up."""

from __future__ import annotations

import dataclasses
import functools
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from zcnas.errors import OrganiserError, UsageError
from zcnas.organiser.cli.options import (
    CpusOption,
    JsonOption,
    SchedulerOption,
    console,
    data_dir,
    folder_option,
    print_record,
    say_next,
)
from zcnas.organiser.extras import require
from zcnas.words.forged_names import ForgedName, Task

if TYPE_CHECKING:
    from zcnas.forge.plan import ForgePlan
    from zcnas.forge.run import Forged
    from zcnas.jobs import JobPool

LINE_INTERVAL_S = 60.0
"""Seconds between two lines of progress where there is no terminal."""

app = typer.Typer(no_args_is_help=True, help="Make a benchmark that nobody can look up.")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="What to call it: small letters and digits.")],
    space: Annotated[str, typer.Option(help="Search space of the networks.")] = "nasbench201",
    data: Annotated[
        str,
        typer.Option(help="clutter, synthetic, or the path of images of your own."),
    ] = "clutter",
    task: Annotated[
        Task,
        typer.Option(help="What networks learn: labels, images, or maps of what pixels show."),
    ] = "classify",
    architectures: Annotated[int, typer.Option(min=4, help="How many to train.")] = 100,
    cpu_hours: Annotated[
        float, typer.Option(min=0.001, help="CPU hours that all trainings may take.")
    ] = 2.0,
    steps: Annotated[int, typer.Option(min=1, help="Steps of a training, to begin with.")] = 500,
    target: Annotated[
        float, typer.Option(min=0.5, max=1, help="Tau between two training seeds to reach.")
    ] = 0.6,
    side: Annotated[int, typer.Option(min=8, max=64, help="Pixels a side of made images.")] = 12,
    channels: Annotated[
        int, typer.Option(min=2, max=64, help="Channels of a network's first stage.")
    ] = 8,
    cells: Annotated[int, typer.Option(min=1, max=5, help="Cells of each of three stages.")] = 1,
    to: Annotated[
        Path | None, folder_option("The data folder; by default what ZCNAS_DATA names.")
    ] = None,
    cpus: CpusOption = "",
    scheduler: SchedulerOption = "",
    part: Annotated[
        str, typer.Option(help="Train only one part, e.g. 3/8; then repeat without --part.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Train networks on images nobody has, and write a table of their accuracies; resumes."""
    for module in ("torch", "sklearn"):
        require(module, "zcnas forge")
    from zcnas.forge.run import Forge
    from zcnas.isolation.machine import parse_cpus
    from zcnas.organiser.competition.division import parse_part

    root = to or data_dir()
    if root is None:
        raise UsageError("no data folder is named: set ZCNAS_DATA=FOLDER, or pass --to FOLDER")
    portion = parse_part(part) if part else None
    if portion and scheduler:
        raise UsageError("--part and --scheduler are two ways to use many machines; choose one")
    asked = _asked(
        ForgedName(name, side=side, channels=channels, cells=cells, task=task),
        space, data, architectures, cpu_hours, steps, target,
    )  # fmt: skip
    folder = root / "forged" / name
    plan = _kept(folder, asked, is_first=portion is None or portion.index == 1)
    console.print(
        f"{plan.name}: {plan.architectures} architectures of {plan.search_space} on {plan.data}, "
        f"as {plan.benchmark.key}; the secret is in {folder}",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    with _Bar() as bar:
        numbers = (portion.index, portion.count) if portion else None
        pool = _pool(scheduler, len(parse_cpus(cpus)))
        forged = Forge(plan, folder, pool, bar.show, numbers).run(root)
    if forged is None:
        say_next(
            f"copy {folder}/trainings-*.jsonl of all parts into one such folder, then repeat the "
            "command there without --part"
        )
        return
    _tell(plan, forged, root)
    if as_json:
        print_record({"benchmark": plan.benchmark.key, "forged": forged})
    if forged.table is None:
        raise OrganiserError(
            f"two trainings of one network agree with tau {forged.agreement} only, below 0.5, so "
            "nothing was published; give it more --steps or --cpu-hours under another name"
        )


def _asked(
    named: ForgedName, space: str, data: str, architectures: int, cpu_hours: float, steps: int,
    target: float,
) -> ForgePlan:  # fmt: skip
    """Return the plan of a new forge, with a secret of its own."""
    from zcnas.forge.images import own
    from zcnas.forge.plan import MADE, ForgePlan, check_space, check_task, dataset_name

    check_space(space)
    sha256 = ""
    if data not in MADE:
        if not Path(data).is_dir():
            require("numpy", "--data")
        else:
            require("PIL", "--data FOLDER")
        found = own.read_own(Path(data))
        data, sha256 = str(Path(data).resolve()), own.digest(found)
        planes, side = found.pixels.shape[1:3]
        classes = int(found.labels.max()) + 1
        named = dataclasses.replace(named, side=side, planes=planes, classes=classes)
    check_task(named, space, data)
    return ForgePlan(
        name=named.name,
        search_space=space,
        dataset=dataset_name(named, space),
        data=data,
        data_sha256=sha256,
        architectures=architectures,
        steps=steps,
        target=target,
        cpu_hours=cpu_hours,
        seed=secrets.token_hex(32),
    )


def _kept(folder: Path, asked: ForgePlan, *, is_first: bool) -> ForgePlan:
    """Return the plan in a folder, which must be what was asked for; write it if there is none.

    Raises:
        ResultsError: The folder holds another forge.
        UsageError: A later part found no plan.
    """
    import msgspec

    from zcnas.errors import ResultsError
    from zcnas.forge.plan import FORGE, read_plan, write_plan

    if not (folder / FORGE).is_file():
        if not is_first:
            raise UsageError(
                f"there is no {folder / FORGE}, so this part would be of another benchmark; begin "
                "with part 1, then copy that file to the other machines, in private"
            )
        write_plan(folder, asked)
        return asked
    kept = read_plan(folder)
    for field in kept.__struct_fields__:
        before, now = getattr(kept, field), getattr(asked, field)
        if field not in ("seed", "cpu_hours") and before != now:
            raise ResultsError(
                f"{folder} holds a forge whose {field} is {before}, not {now}; give the options it "
                "began with, or begin another name"
            )
    return msgspec.structs.replace(kept, cpu_hours=asked.cpu_hours)


def _pool(scheduler: str, slots: int) -> Callable[[], JobPool]:
    from zcnas.forge.trainings import train_job
    from zcnas.jobs.pools import LocalPool

    if not scheduler:
        return functools.partial(LocalPool, train_job, slots)
    require("distributed", "--scheduler")
    from zcnas.jobs.cluster import ClusterPool, security_for

    security_for(scheduler)
    return functools.partial(ClusterPool, scheduler, train_job)


def _tell(plan: ForgePlan, forged: Forged, root: Path) -> None:
    """Say what came of a forge, and how it becomes a phase."""
    fewest, most = forged.seeds
    seeds = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    for line in (
        f"two training seeds agree with tau {forged.agreement} after {forged.steps} steps; "
        f"{seeds} seeds per architecture, {forged.cpu_s / 60:.1f} CPU minutes",
        *([f"wrote {forged.table} and {forged.images}"] if forged.table else []),
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if forged.table and forged.agreement.low < plan.target:
        console.print(
            f"the interval does not pass the target of {plan.target}; repeat with more --cpu-hours",
            style="yellow", markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
    if forged.table:
        say_next(
            f'name {plan.benchmark.key} in a phase with table = "forged" (docs/forge.md), then '
            f"`zcnas sample --tables {root}`"
        )


class _Bar:
    """A bar with the time that is left, or a line now and then where there is no terminal."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("trainings"), BarColumn(), MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"), console=console, transient=True,
        )  # fmt: skip
        self._task = self._progress.add_task("trainings", total=None, left="")
        self._start = self._said = time.monotonic()
        self._before = 0

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, done: int, total: int, left_s: float) -> None:
        """Show how many trainings of a round are done."""
        if done <= self._before:
            self._start = time.monotonic()
        self._before = done
        now = time.monotonic()
        wall_s = (now - self._start) / done * (total - done)
        left = f"about {wall_s / 60:.0f} min ({left_s / 60:.0f} CPU min) left in this round"
        self._progress.update(self._task, completed=done, total=total, left=left)
        if not console.is_terminal and (now - self._said > LINE_INTERVAL_S or done == total):
            self._said = now
            console.print(f"{done} of {total} trainings, {left}", markup=False, soft_wrap=True)

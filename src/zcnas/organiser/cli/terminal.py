"""A run as the person at the terminal sees it: warnings, live progress, the leaderboard."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console

from zcnas.errors import UsageError
from zcnas.isolation import Isolation
from zcnas.isolation.bubblewrap import BubblewrapIsolation
from zcnas.isolation.choice import choose_isolation
from zcnas.isolation.machine import parse_cpus
from zcnas.jobs import JobPool
from zcnas.judging.leaderboard import Leaderboard
from zcnas.organiser.cli.options import say
from zcnas.organiser.cli.patience import Patience
from zcnas.organiser.cli.progress import watch_run
from zcnas.organiser.cli.tables import render
from zcnas.organiser.competition import Competition, Halves
from zcnas.organiser.competition.division import PartNumber
from zcnas.organiser.costs import CostRecord
from zcnas.organiser.extras import require
from zcnas.phases import Phase
from zcnas.submissions import submission_name
from zcnas.words.text import plural
from zcnas.words.tracks import ZERO_SHOT


@contextlib.contextmanager
def shown_competition(
    submissions: list[Path],
    phase: Phase,
    halves: Halves,
    isolation: str,
    cpus: str,
    out: Path,
    console: Console,
    *,
    anew: bool = False,
    scheduler: str = "",
    shard: int | None = None,
    patience: Patience | None = None,
    part: tuple[PartNumber, CostRecord] | None = None,
) -> Iterator[Competition]:
    """Yield a competition that shows its progress while submissions are scored.

    Args:
        submissions: What is scored.
        phase: On which phase.
        halves: The phase's data.
        isolation: What was asked for.
        cpus: What was asked for.
        out: Where results go.
        console: Where to show it.
        anew: Delete earlier results instead of resuming.
        scheduler: Address of a Dask scheduler; "" for this machine.
        shard: Architectures of one job.
        patience: Ends a run whose failures are all alike.
        part: Run only this part; None for all.

    Raises:
        ZcnasError: A CPU list, an isolation or a scheduler is not as it must be.
    """
    usable: list[int] = []
    if scheduler:
        chosen, pool, where = join_cluster(isolation, cpus, scheduler)
    else:
        usable, pool = parse_cpus(cpus), None
        chosen = choose_isolation(
            isolation,
            phase,
            say,
        )
        require_torch(chosen)
        where = f"CPUs {usable}"
    console.print(
        f"{phase.title} phase: {plural(len(submissions), 'submission')} × "
        f"{plural(len(phase.benchmarks), 'benchmark')} × "
        f"{plural(halves.architectures, 'architecture')}, isolation {chosen.description}, {where}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    total = sum(len(data.architectures) for data in halves.inputs.values())
    names = list(dict.fromkeys(submission_name(path) for path in submissions))
    watch = watch_run(console, names, total)

    def remark(submission: str, text: str) -> None:
        say(f"{submission}: {text}")

    try:
        with watch:
            progress = patience.over(watch) if patience else watch.advance
            yield Competition(
                phase, halves, chosen, usable, out, progress, anew, shard, pool, remark,
                watch.waiting, part,
            )  # fmt: skip
    except KeyboardInterrupt:
        next_step = "" if anew else ": repeat the command to resume"
        say(f"interrupted; what is finished is kept in {out}{next_step}")
        raise


def require_torch(isolation: Isolation) -> None:
    """Refuse to run submissions with this machine's own Python if torch is not installed.

    Raises:
        MissingExtra: It is not.
    """
    if isolation.name == "process":
        require("torch", "running submissions as plain processes")
    if isinstance(isolation, BubblewrapIsolation) and not isolation.image:
        require("torch", "running submissions in sandboxes without an unpacked image")


def join_cluster(
    isolation: str, cpus: str, scheduler: str
) -> tuple[Isolation, Callable[[], JobPool], str]:
    """Return isolation and job pool of a run on a cluster, and words for where it runs.

    Raises:
        UsageError: What was asked for does not go together.
        MissingExtra: dask.distributed is not installed.
    """
    if isolation not in ("auto", "docker"):
        raise UsageError(
            f"--isolation {isolation} is refused with --scheduler: on a cluster every submission "
            "runs in a container; leave --isolation out"
        )
    if cpus:
        raise UsageError(
            "--cpus names CPUs of this machine and has no effect with --scheduler; set ZCNAS_CPUS "
            "where a worker is started"
        )
    require("distributed", "--scheduler")
    from zcnas.organiser.competition.cluster_host import ClusterIsolation, cluster_pool

    return ClusterIsolation(), cluster_pool(scheduler), f"scheduler {scheduler}"


def print_leaderboard(leaderboard: Leaderboard, out: Path, console: Console) -> None:
    """Print the table, what could not be scored and why, and where the results are."""
    console.print(leaderboard.title, style="bold", markup=False, highlight=False, soft_wrap=True)
    console.print(*render(leaderboard), sep="\n")
    if tracks := [e for e in leaderboard.entries if e.track != ZERO_SHOT]:
        text = ", ".join(f"{entry.submission}: {entry.track}" for entry in tracks)
        console.print(f"tracks other than {ZERO_SHOT}: {text}", markup=False, soft_wrap=True)
    for entry in leaderboard.entries:
        if entry.message:
            text = f"{entry.submission}: {entry.status}: {entry.message}"
            console.print(text, style="red", markup=False, soft_wrap=True)
    for source, keys in _by_value(leaderboard.accuracy_sources).items():
        text = f"accuracies of {', '.join(keys)}: {source}"
        console.print(text, markup=False, style="dim", soft_wrap=True)
    console.print(f"results: {out}", markup=False, highlight=False, soft_wrap=True)


def _by_value(sources: dict[str, str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for key, source in sources.items():
        grouped.setdefault(source, []).append(key)
    return grouped

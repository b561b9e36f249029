"""A run as the person at the terminal sees it.

Warnings, live progress, the table, and a participant's explanation.
"""

from __future__ import annotations

import contextlib
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from zcnas.errors import OrganiserError
from zcnas.isolation import Isolation
from zcnas.isolation.choice import choose_isolation
from zcnas.isolation.machine import parse_cpus
from zcnas.jobs import JobPool
from zcnas.judging.judge import Judgement
from zcnas.judging.leaderboard import Leaderboard
from zcnas.organiser.cli.extras import require
from zcnas.organiser.cli.progress import watch_run
from zcnas.organiser.cli.tables import render
from zcnas.organiser.competition import Competition, Halves
from zcnas.phases import Phase
from zcnas.submissions import submission_name
from zcnas.text import plural


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
) -> Iterator[Competition]:
    """Yield a competition that shows its progress while submissions are scored.

    SIGTERM ends it as Ctrl-C does: within seconds, with nothing left running.

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
            lambda text: console.print(text, style="yellow", markup=False, soft_wrap=True),
        )
        if chosen.name == "process":
            require("torch", "running submissions as plain processes")
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
    watch = watch_run(console, [submission_name(path) for path in submissions], total)

    def remark(submission: str, text: str) -> None:
        line = f"{submission}: {text}"
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)

    try:
        with _sigterm_interrupts(), watch:
            yield Competition(
                phase, halves, chosen, usable, out, watch.advance, anew, shard, pool, remark
            )
    except KeyboardInterrupt:
        console.print(
            f"interrupted; what is finished is kept in {out}: repeat the command to resume",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
        raise


def join_cluster(
    isolation: str, cpus: str, scheduler: str
) -> tuple[Isolation, Callable[[], JobPool], str]:
    """Return isolation and job pool of a run on a cluster, and words for where it runs.

    Raises:
        OrganiserError: What was asked for does not go together.
        MissingExtra: dask.distributed is not installed.
    """
    if isolation == "process":
        raise OrganiserError(
            "--isolation process is refused with --scheduler: on a cluster every submission runs "
            "in a container; leave --isolation out"
        )
    if cpus:
        raise OrganiserError(
            "--cpus names CPUs of this machine and has no effect with --scheduler; set ZCNAS_CPUS "
            "where a worker is started"
        )
    require("distributed", "--scheduler")
    from zcnas.jobs.cluster import ClusterPool, security_for
    from zcnas.organiser.competition.cluster_host import ClusterIsolation, run_on_cluster

    security_for(scheduler)

    def pool() -> JobPool:
        return ClusterPool(scheduler, run_on_cluster)

    return ClusterIsolation(), pool, f"scheduler {scheduler}"


@contextlib.contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """Have SIGTERM do what Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)


def print_leaderboard(leaderboard: Leaderboard, out: Path, console: Console) -> None:
    """Print the table, what could not be scored and why, and where the results are."""
    console.print(leaderboard.title, style="bold", markup=False, highlight=False, soft_wrap=True)
    console.print(*render(leaderboard), sep="\n")
    for entry in leaderboard.entries:
        if entry.message:
            text = f"{entry.submission}: {entry.status}: {entry.message}"
            console.print(text, style="red", markup=False, soft_wrap=True)
    for source, keys in _by_value(leaderboard.accuracy_sources).items():
        text = f"accuracies of {', '.join(keys)}: {source}"
        console.print(text, markup=False, style="dim", soft_wrap=True)
    console.print(f"results: {out}", markup=False, highlight=False, soft_wrap=True)


def explain(judgement: Judgement, phase: Phase, folder: Path, console: Console) -> None:
    """Print what a participant wants to know of a dry run.

    Tau, failures with reasons, time against the limits.

    Args:
        judgement: Of a run of one submission.
        phase: Its phase.
        folder: The submission's results.
        console: Where to print.
    """
    (entry,) = judgement.leaderboard.entries
    console.print(f"{entry.submission} ({entry.method})", style="bold", markup=False)
    limits = phase.limits
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("benchmark", no_wrap=True)
    for name in ("tau", "ok", "failed"):
        table.add_column(name, justify="right")
    table.add_column(f"slowest\nlimit {limits.query_cpu_s} s CPU", justify="right")
    table.add_column(f"all queries\nlimit {limits.benchmark_cpu_s} s CPU", justify="right")
    reasons: Counter[str] = Counter()
    for outcomes in judgement.outcomes if entry.score is not None else ():
        key, seconds = outcomes.benchmark.key, outcomes.cpu_time_s[0]
        failed = sum(outcomes.failures(0).values())
        for (status, message), count in outcomes.reasons[0].items():
            reasons[f"{status}: {message}"] += count
        table.add_row(
            key,
            f"{entry.kendall_tau[key]:.4f}",
            str(len(outcomes.tokens) - failed),
            str(failed),
            f"{seconds.max():.2f} s",
            f"{seconds.sum():.0f} s",
        )
    console.print(table)
    if entry.status == "organiser_error":
        console.print(entry.message, style="red", markup=False, soft_wrap=True)
    for reason, count in reasons.most_common(5):
        console.print(f"{count} × {reason}", style="red", markup=False)
    if len(reasons) > 5:
        console.print(f"… and {len(reasons) - 5} other reasons", style="red", markup=False)
    if entry.score is not None:
        console.print(f"score (mean tau): {entry.score:.4f}", style="bold", markup=False)
    sources = sorted(set(judgement.leaderboard.data_sources.values()))
    console.print(f"images: {'; '.join(sources)}", markup=False, style="dim")
    console.print(
        f"details: {folder} (predictions, and logs of what was printed)",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _by_value(sources: dict[str, str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for key, source in sources.items():
        grouped.setdefault(source, []).append(key)
    return grouped

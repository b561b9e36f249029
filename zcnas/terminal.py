"""A run as the person at the terminal sees it.

Warnings, live progress, the table, and a participant's explanation.
"""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from zcnas.competition import Competition, load_halves
from zcnas.errors import PredictionError
from zcnas.isolation.choice import choose_isolation
from zcnas.leaderboard import Entry, Leaderboard, render
from zcnas.machine import parse_cpus
from zcnas.phases import Phase
from zcnas.records import Manifest, Prediction, read_json, read_predictions
from zcnas.submissions import submission_name


def run_competition(
    submissions: list[Path],
    phase: Phase,
    input_dir: Path,
    reference_dir: Path,
    data_dir: Path | None,
    isolation: str,
    cpus: str,
    out: Path,
    console: Console,
    *,
    anew: bool = False,
) -> Leaderboard:
    """Score submissions with live progress, print the leaderboard, and return it.

    Raises:
        ZcnasError: Before anything runs: a phase, a folder, a CPU list or an engine is not as it
            must be.
    """
    usable = parse_cpus(cpus)
    halves = load_halves(phase, input_dir, reference_dir, data_dir)
    chosen = choose_isolation(
        isolation,
        phase,
        lambda text: console.print(text, style="yellow", markup=False, soft_wrap=True),
    )
    console.print(
        f"{phase.title} phase: {len(submissions)} submissions × {len(phase.benchmarks)} "
        f"benchmarks × "
        f"{halves.architectures} architectures, isolation {chosen.description}, CPUs {usable}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    total = sum(len(data.architectures) for data in halves.inputs.values())
    bars = ProgressBars(console, [submission_name(path) for path in submissions], total)
    with bars.progress:
        competition = Competition(phase, halves, chosen, usable, out, bars.advance, anew=anew)
        return competition.score(submissions)


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
    page = out / "leaderboard" / "index.html"
    if page.is_file():
        console.print(f"pages: {page}", markup=False, highlight=False, soft_wrap=True)


class ProgressBars:
    """One bar per submission, plus what each is doing and how many architectures failed."""

    def __init__(self, console: Console, names: list[str], total: int) -> None:
        self.progress = Progress(
            TextColumn("{task.fields[name]}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._lock = threading.Lock()
        self._failed: Counter[str] = Counter()
        self._tasks: dict[str, TaskID] = {
            name: self.progress.add_task("", total=total, name=name, state="waiting", start=False)
            for name in names
        }

    def advance(self, submission: str, benchmark: str, prediction: Prediction | None) -> None:
        """Show that a benchmark began, or that one more architecture is done."""
        with self._lock:
            task = self._tasks[submission]
            if prediction is None:
                self.progress.start_task(task)
            else:
                self._failed[submission] += prediction.status != "ok"
            failed = self._failed[submission]
            state = f"{benchmark}, {failed} failed" if failed else benchmark
            self.progress.update(task, state=state, advance=0 if prediction is None else 1)


def explain(entry: Entry, phase: Phase, out: Path, console: Console) -> None:
    """Print what a participant wants to know of a dry run.

    Tau, failures with reasons, time against the limits.
    """
    folder = out / entry.submission
    console.print(f"{entry.submission} ({entry.method})", style="bold", markup=False)
    limits = phase.limits
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("benchmark", no_wrap=True)
    for name in ("tau", "ok", "failed"):
        table.add_column(name, justify="right")
    table.add_column(f"slowest\nlimit {limits.query_cpu_s} s CPU", justify="right")
    table.add_column(f"all queries\nlimit {limits.benchmark_cpu_s} s CPU", justify="right")
    reasons: Counter[str] = Counter()
    for key in phase.benchmarks:
        path = folder / f"{key}.predictions.jsonl"
        predictions = read_predictions(path) if path.is_file() else []
        failed = [prediction for prediction in predictions if prediction.status != "ok"]
        reasons.update(f"{failure.status}: {failure.message}" for failure in failed)
        table.add_row(
            key,
            f"{entry.kendall_tau[key]:.4f}" if key in entry.kendall_tau else "–",
            str(len(predictions) - len(failed)),
            str(len(failed)),
            f"{max((p.cpu_time_s for p in predictions), default=0):.2f} s",
            f"{sum(p.cpu_time_s for p in predictions):.0f} s",
        )
    console.print(table)
    for reason, count in reasons.most_common(5):
        console.print(f"{count} × {reason}", style="red", markup=False)
    if len(reasons) > 5:
        console.print(f"… and {len(reasons) - 5} other reasons", style="red", markup=False)
    if entry.score is not None:
        console.print(f"score (mean tau): {entry.score:.4f}", style="bold", markup=False)
    sources = {
        read_json(path, Manifest, PredictionError).public.data_source
        for path in folder.glob("*.manifest.json")
    }
    console.print(f"images: {'; '.join(sorted(sources)) or 'none'}", markup=False, style="dim")
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

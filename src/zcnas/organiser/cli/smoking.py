"""The smoke test at the terminal: a bar while it runs, then what failed and where."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from zcnas.errors import PhaseError
from zcnas.isolation import Isolation
from zcnas.isolation.choice import choose_isolation
from zcnas.isolation.machine import parse_cpus
from zcnas.isolation.owners import owned_folder
from zcnas.isolation.program import stage_worker
from zcnas.isolation.strays import remove_own, remove_strays
from zcnas.organiser.cli.options import console, find_phase, phases_file, say_next
from zcnas.organiser.cli.terminal import require_torch
from zcnas.participant.failures import grouped
from zcnas.participant.smoke import (
    Smoke,
    SmokeReport,
    Trial,
    all_benchmarks,
    keep_report,
    recall_report,
)
from zcnas.phases import load_phases
from zcnas.submissions import open_submission, submission_name
from zcnas.words.text import plural

STEP = 7
"""Benchmarks between two lines where there is no terminal."""


def recall_or_run(path: Path, sha256: str, isolation: str, cpus: str, kept: Path) -> SmokeReport:
    """Return the smoke test of a submission; run it unless the same content was tested before."""
    known = recall_report(kept, sha256)
    if known is None or {trial.benchmark for trial in known.trials} != set(all_benchmarks()):
        return run_smoke(path, isolation, cpus, kept, [])
    text = f"smoke test: this content was tested before, see {kept}"
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    return known


def run_smoke(
    path: Path, isolation: str, cpus: str, kept: Path, benchmarks: Sequence[str]
) -> SmokeReport:
    """Run the smoke test, keep its report and return it.

    Args:
        path: The submission.
        isolation: What was asked for.
        cpus: What was asked for.
        kept: Where the report is kept.
        benchmarks: Only these; all if empty.

    Raises:
        PhaseError: A benchmark is unknown.
        OrganiserError: This machine failed.
    """
    keys = [key for key in all_benchmarks() if key in benchmarks or not benchmarks]
    if unknown := sorted(set(benchmarks) - set(keys)):
        raise PhaseError(
            f"unknown benchmark '{unknown[0]}'; known benchmarks: {', '.join(all_benchmarks())}"
        )
    usable = parse_cpus(cpus)
    chosen = _isolation(isolation)
    console.print(
        f"smoke test of {submission_name(path)}: 2 networks of each of "
        f"{plural(len(keys), 'benchmark')}, isolation {chosen.description}, CPUs {usable}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    with owned_folder("smoke") as folder:
        submission = open_submission(path, folder / "submission")
        program = stage_worker(folder / "program")
        show = _Shown(console, len(keys))
        trial = Smoke(submission, program, chosen, usable, load_phases(phases_file()), show.waiting)
        remove_strays(chosen)
        try:
            with show:
                report = trial.run(keys, show.advance)
        finally:
            remove_own(chosen)
    if len(keys) == len(all_benchmarks()):
        keep_report(kept, report)
    return report


def report_of(report: SmokeReport, console: Console, then: str) -> bool:
    """Print what a smoke test found and what is next; return whether anything failed."""
    for group in grouped(report.failures):
        first = group.first
        text = f"{first.status}: {first.message}"
        console.print(text, style="red", markup=False, soft_wrap=True)
        console.print(f"  on {', '.join(group.benchmarks)}", markup=False, soft_wrap=True)
    warned: dict[str, list[str]] = {}
    for trial in report.trials:
        if trial.warning:
            warned.setdefault(trial.warning, []).append(trial.benchmark)
    for warning, keys in warned.items():
        text = f"warning: {warning}: {', '.join(keys)}"
        console.print(text, style="yellow", markup=False, soft_wrap=True)
    failed = summary_of(report)
    if failed:
        console.print(failed, style="bold red", markup=False, soft_wrap=True)
        key = next(trial.benchmark for trial in report.trials if trial.failures)
        then = f"zcnas try SUBMISSION --benchmark {key} shows it at your terminal"
    else:
        text = f"smoke test: answered on {plural(len(report.trials), 'benchmark')}"
        console.print(text, style="bold green", markup=False)
    say_next(then)
    return bool(failed)


def summary_of(report: SmokeReport) -> str:
    """Return on how many benchmarks a smoke test failed, in words; "" for none."""
    failed = [trial.benchmark for trial in report.trials if trial.failures]
    if not failed:
        return ""
    return (
        f"smoke test: failed on {len(failed)} of {plural(len(report.trials), 'benchmark')}: "
        f"{', '.join(failed)}"
    )


def _isolation(name: str) -> Isolation:
    phase = find_phase("practice")
    chosen = choose_isolation(
        name, phase, lambda text: console.print(text, style="yellow", markup=False, soft_wrap=True)
    )
    require_torch(chosen)
    return chosen


class _Shown:
    """A bar at a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self._total = total
        self._lock = threading.Lock()
        self._done = 0
        self._said = ""
        self._bar = Progress(
            TextColumn("smoke test"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> None:
        self._bar.start()

    def __exit__(self, *error: object) -> None:
        self._bar.stop()

    def advance(self, trial: Trial) -> None:
        """Show that a benchmark is done."""
        with self._lock:
            self._done += 1
            self._bar.update(self._task, advance=1, description=trial.benchmark)
            if not self._console.is_terminal and self._done % STEP == 0:
                self._console.print(f"{self._done} of {self._total} benchmarks", highlight=False)

    def waiting(self, text: str) -> None:
        """Say what is waited for, once."""
        with self._lock:
            if text and text != self._said:
                self._said = text
                self._console.print(text, style="yellow", markup=False, soft_wrap=True)

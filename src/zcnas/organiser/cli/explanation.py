"""What a participant wants to know of a dry run, in the order they ask: score, failures, cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from zcnas.judging.judge import Judgement
from zcnas.participant.failures import FailureGroup, failures_of, grouped
from zcnas.phases import Phase
from zcnas.words.combined import read_outcomes
from zcnas.words.records import BenchmarkInput, Prediction
from zcnas.words.result_files import ResultFiles
from zcnas.words.text import plural

SHOWN_REASONS = 5
SLOWEST = 3
EQUAL = (
    "all scores on {where} are equal, so they carry no ranking information. Likely cause: every "
    "query runs in a process of its own, forked after pre_process, so what one query stores (a "
    "counter, a list, a running mean) no later query sees; a score must come from `graph` and "
    "`dataloader` alone"
)


@dataclass(frozen=True)
class Explanation:
    """A dry run, to be explained.

    Attributes:
        judgement: Of a run of one submission.
        phase: Its phase.
        inputs: Benchmark to the architectures that were asked.
        folder: The submission's results.
        of: How many architectures the phase has.
        ended: Whether the run was ended early, by its participant's choice.
    """

    judgement: Judgement
    phase: Phase
    inputs: Mapping[str, BenchmarkInput]
    folder: Path
    of: int
    ended: bool = False

    @property
    def asked(self) -> int:
        """How many architectures of a benchmark were asked."""
        return max(len(data.architectures) for data in self.inputs.values())

    @property
    def complete(self) -> bool:
        """Whether this was the whole phase, so that its score is the score."""
        return self.asked == self.of

    def predictions(self) -> dict[str, list[Prediction]]:
        """Return what was recorded, by benchmark; finished or not."""
        found = {}
        for key in self.phase.benchmarks:
            files = ResultFiles(self.folder, key)
            found[key] = read_outcomes(files) if files.predictions.is_file() else []
        return found


def explain(explanation: Explanation, console: Console) -> bool:
    """Print what a participant wants to know of a dry run; return whether anything was scored.

    Tau, failures with reasons, time against the limits.
    """
    predictions = explanation.predictions()
    (entry,) = explanation.judgement.leaderboard.entries
    console.print(f"{entry.submission} ({entry.method})", style="bold", markup=False)
    console.print(_table(explanation, predictions))
    if explanation.ended:
        done = sum(map(len, predictions.values()))
        text = f"stopped after {plural(done, 'architecture')}"
        console.print(text, style="yellow", markup=False, highlight=False)
    elif entry.message:
        console.print(entry.message, style="red", markup=False, soft_wrap=True)
    failures = [each for key, told in predictions.items() for each in failures_of(key, told)]
    _print_failures(grouped(failures), explanation, console)
    equal = [key for key, told in predictions.items() if _all_equal(told)]
    if equal:
        text = EQUAL.format(where=", ".join(equal))
        console.print(text, style="red", markup=False, soft_wrap=True)
    _print_slowest(explanation, predictions, console)
    sources = sorted(set(explanation.judgement.leaderboard.data_sources.values()))
    console.print(f"images: {'; '.join(sources)}", markup=False, style="dim", soft_wrap=True)
    answered = any(each.status == "ok" for told in predictions.values() for each in told)
    if entry.score is not None:
        _print_score(entry.score, entry.score_interval, explanation, console)
    return answered and entry.score is not None


def _table(explanation: Explanation, predictions: Mapping[str, list[Prediction]]) -> Table:
    (entry,) = explanation.judgement.leaderboard.entries
    limits = explanation.phase.limits
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("benchmark", overflow="fold")
    for name in ("tau", "ok", "failed"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(f"slowest\nof {limits.query_cpu_s} s", justify="right", no_wrap=True)
    table.add_column(f"all CPU\nof {limits.benchmark_cpu_s} s", justify="right", no_wrap=True)
    for key, told in predictions.items():
        tau, seconds = entry.kendall_tau.get(key), [each.cpu_time_s for each in told]
        failed = sum(each.status != "ok" for each in told)
        table.add_row(
            key,
            "–" if tau is None else f"{tau:.4f}",
            str(len(told) - failed),
            str(failed),
            f"{max(seconds, default=0.0):.2f} s",
            f"{sum(seconds):.0f} s",
        )
    return table


def _print_failures(groups: list[FailureGroup], explanation: Explanation, console: Console) -> None:
    for group in groups[:SHOWN_REASONS]:
        first = group.first
        like = "" if group.exact else " (and others that differ in numbers)"
        text = f"{group.count} × {first.status}: {first.message}{like}"
        console.print(text, style="red", markup=False, soft_wrap=True)
        architecture = next(
            (
                each.spec
                for each in explanation.inputs[first.benchmark].architectures
                if each.id == first.architecture
            ),
            "",
        )
        for line in (
            f"  for example {first.architecture} of {first.benchmark}: {architecture}",
            f"  log: {ResultFiles(explanation.folder, first.benchmark).log}",
        ):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    if len(groups) > SHOWN_REASONS:
        rest = plural(
            len(groups) - SHOWN_REASONS, "other kind of failure", "other kinds of failure"
        )
        console.print(f"… and {rest}", style="red", markup=False)


def _all_equal(told: list[Prediction]) -> bool:
    scores = {each.value for each in told if each.status == "ok"}
    return len(scores) == 1 and sum(each.status == "ok" for each in told) > 1


def _print_slowest(
    explanation: Explanation, predictions: Mapping[str, list[Prediction]], console: Console
) -> None:
    specs = {
        each.id: each.spec for data in explanation.inputs.values() for each in data.architectures
    }
    every = [(each.cpu_time_s, key, each.id) for key, told in predictions.items() for each in told]
    slowest = sorted(every, reverse=True)[:SLOWEST]
    if not slowest:
        return
    console.print("slowest architectures:", markup=False)
    for seconds, key, token in slowest:
        text = f"  {seconds:.2f} s CPU: {token} of {key}: {specs[token]}"
        console.print(text, markup=False, highlight=False, soft_wrap=True)


def _print_score(
    score: float,
    interval: tuple[float, float] | None,
    explanation: Explanation,
    console: Console,
) -> None:
    within = f", 95 % interval {interval[0]:.4f} to {interval[1]:.4f}" if interval else ""
    if explanation.complete:
        text, style = f"score (mean tau): {score:.4f}{within}", "bold"
    else:
        text = (
            f"mean tau on the first {explanation.asked} of {explanation.of} architectures: "
            f"{score:.4f}{within}. This is not the score"
        )
        style = "bold yellow"
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

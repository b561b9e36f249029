"""What a submission's page shows, as plain values: the templates compute nothing.

Everything a participant wrote passes through here as text; the templates escape it.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from zcnas.judging.outcomes import STATUS_NAMES, Analysis, Outcomes
from zcnas.judging.statistics import rank_scores
from zcnas.pages.small_figures import interval_figure, scatter_figure
from zcnas.pages.titles import benchmark_title
from zcnas.pages.top import TopCell, top_cells
from zcnas.phases import Limits, Phase
from zcnas.words.feedback import Feedback
from zcnas.words.records import MISSING, STATUSES
from zcnas.words.text import printable

MAX_MESSAGES = 8
"""Different messages shown per benchmark; further ones are counted together."""
MAX_MESSAGE = 600
"""Characters of one message."""


@dataclass(frozen=True)
class Tag:
    """A short label beside a name; ``kind`` chooses its colour."""

    text: str
    kind: str = ""


@dataclass(frozen=True)
class Fact:
    """A number of the page's head, with a line below it."""

    name: str
    value: str
    detail: str


@dataclass(frozen=True)
class TimeUsed:
    """CPU seconds beside their limit; ``share`` in percent."""

    seconds: float
    share: int


@dataclass(frozen=True)
class FailureRow:
    """How many architectures of a benchmark failed for one reason."""

    title: str
    kind: str
    meaning: str
    count: int
    message: str


@dataclass(frozen=True)
class BenchmarkRow:
    """One benchmark of a submission's page."""

    key: str
    title: str
    href: str
    tau: float
    interval: Sequence[float]
    ceiling: float | None
    tau_a: float
    distinct: int
    spearman: float
    top: tuple[TopCell, ...]
    baseline: tuple[str, float] | None
    valid: int
    failed: int
    slowest: TimeUsed
    used: TimeUsed
    whisker: Markup
    scatter: Markup | None


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """What the queries of a submission add up to."""

    failed: int
    total: int
    cpu_time_s: float


@dataclass(frozen=True)
class SubmissionView:
    """What ``submission_body.html`` shows: all that follows from a submission's own results."""

    phase: Phase
    ranked: bool
    tally: Tally
    benchmarks: tuple[BenchmarkRow, ...]
    spaces: tuple[tuple[str, float], ...]
    baseline_names: str
    best_baseline: bool
    has_ceiling: bool
    failure_rows: tuple[FailureRow, ...]
    logs: tuple[tuple[str, str], ...]
    logs_cut: bool
    provenance: tuple[tuple[str, str], ...]
    packed: Markup
    complete: bool


def benchmark_row(
    outcomes: Outcomes,
    analysis: Analysis,
    index: tuple[int, int],
    limits: Limits,
    baselines: Mapping[str, float],
    show: Feedback,
    href: str = "",
    *,
    complete: bool = True,
) -> BenchmarkRow:
    """Return one benchmark of one submission.

    Args:
        outcomes: The benchmark.
        analysis: Of the whole phase.
        index: Row of the submission, column of the benchmark.
        limits: The phase's.
        baselines: Name to tau of every baseline on this benchmark.
        show: What the page may show.
        href: The benchmark's own page, if there is one.
        complete: Draw the scatter; without, the page's script draws it from the packed table.
    """
    row, column = index
    failed = np.isnan(outcomes.scores[row])
    tau = float(analysis.taus[row, column])
    interval = tuple(analysis.intervals[row, column].tolist())
    cpu = outcomes.cpu_time_s[row]
    count = int(failed.sum())
    return BenchmarkRow(
        key=outcomes.benchmark.key,
        title=benchmark_title(outcomes.benchmark),
        href=href,
        tau=tau,
        interval=interval,
        ceiling=outcomes.ceiling,
        tau_a=float(analysis.tau_a[row, column]),
        distinct=int(analysis.distinct[row, column]),
        spearman=float(analysis.spearman[row, column]),
        top=top_cells(analysis, row, column),
        baseline=max(baselines.items(), key=lambda item: item[1]) if baselines else None,
        valid=len(failed) - count,
        failed=count,
        slowest=_time_used(float(cpu.max()), limits.query_cpu_s),
        used=_time_used(float(cpu.sum()), limits.benchmark_cpu_s),
        whisker=picture_of(tau, interval, baselines.values(), outcomes.ceiling, show),
        scatter=_scatter(outcomes, row, failed, tau) if complete else None,
    )


def picture_of(
    tau: float,
    interval: Sequence[float],
    baselines: Iterable[float],
    ceiling: float | None,
    show: Feedback,
) -> Markup:
    """Return the picture of a tau, with its interval where that is to be seen."""
    return interval_figure(tau, interval if show.intervals else None, baselines, ceiling)


def _scatter(outcomes: Outcomes, row: int, failed: NDArray[np.bool_], tau: float) -> Markup:
    ranks = rank_scores([None if v != v else v for v in outcomes.scores[row].tolist()])
    title = benchmark_title(outcomes.benchmark)
    return scatter_figure(
        ranks, failed, f"{title}: ranks by score against ranks by accuracy, tau-b {tau:.3f}"
    )


def failure_rows(outcomes: Outcomes, row: int) -> list[FailureRow]:
    """Return why architectures of a submission failed, the most frequent reason first."""
    title = benchmark_title(outcomes.benchmark)
    reasons = outcomes.reasons[row].most_common()
    found = [
        FailureRow(title, kind, STATUSES[kind], count, shorten(message, MAX_MESSAGE))
        for (kind, message), count in reasons[:MAX_MESSAGES]
    ]
    if rest := reasons[MAX_MESSAGES:]:
        text = f"{len(rest)} other messages"
        found.append(FailureRow(title, "further", "", sum(count for _, count in rest), text))
    if missing := outcomes.failures(row).get(MISSING):
        found.append(FailureRow(title, MISSING, STATUSES[MISSING], missing, ""))
    return found


def pack_architectures(benchmarks: Sequence[Outcomes], row: int, *, complete: bool) -> Markup:
    """Return the tables of all architectures as base64 of deflated JSON.

    A table has column names and columns; where there are no numbers the script counts from 1.

    Args:
        benchmarks: The outcomes.
        row: Which submission.
        complete: With ids, accuracies, ranks and all digits; without, what a site of a thousand
            pages has room for: the benchmark's page tells ids and accuracies.
    """
    return pack([_table(outcomes, row, complete=complete) for outcomes in benchmarks])


def pack(tables: Sequence[Mapping[str, Sequence[object]]]) -> Markup:
    """Return tables of equally long columns as base64 of deflated JSON, the names apart."""
    content = [{"names": list(each), "columns": list(each.values())} for each in tables]
    return Markup(base64.b64encode(zlib.compress(msgspec.json.encode(content), 6)).decode())


def _table(outcomes: Outcomes, row: int, *, complete: bool) -> dict[str, Sequence[object]]:
    digits = 8 if complete else 4
    columns: dict[str, Sequence[object]] = {}
    if complete:
        columns["id"] = outcomes.tokens
        columns[f"accuracy ({outcomes.unit})"] = outcomes.accuracies.round(4).tolist()
    columns["score"] = _json_numbers(outcomes.scores[row], digits)
    if complete:
        columns["rank by score"] = _descending_ranks(outcomes.scores[row])
    times = outcomes.cpu_time_s[row].astype(np.float64)
    columns["CPU s"] = times.round(3 if complete else 2).tolist()
    statuses = outcomes.statuses[row]
    if statuses.any():
        columns["failure"] = [STATUS_NAMES[s] if s else None for s in statuses.tolist()]
    return columns


def _descending_ranks(scores: NDArray[np.float64]) -> list[int | None]:
    """Return 1 for the highest score, equal scores equal ranks, None for failures."""
    valid = np.sort(scores[~np.isnan(scores)])
    above = len(valid) - np.searchsorted(valid, scores, side="right")
    return [None if v != v else int(a) + 1 for v, a in zip(scores, above, strict=True)]


def _json_numbers(values: NDArray[np.float64], digits: int) -> list[float | str | None]:
    """Return numbers of that many digits, infinities as text, None for failures.

    A number that rounding would make infinite keeps all its digits.
    """
    form, words = f"{{:.{digits}g}}".format, {math.inf: "∞", -math.inf: "−∞"}
    numbers: list[float | str | None] = []
    for value in values.tolist():
        if value != value:
            numbers.append(None)
        elif value in words:
            numbers.append(words[value])
        else:
            rounded = float(form(value))
            numbers.append(value if math.isinf(rounded) else rounded)
    return numbers


def _time_used(seconds: float, limit: int) -> TimeUsed:
    return TimeUsed(seconds, min(round(100 * seconds / limit), 100))


def shorten(text: str, limit: int) -> str:
    """Return a participant's text without control characters, its middle cut if it is too long."""
    text = printable(text)
    if len(text) <= limit:
        return text
    kept = limit // 2
    return f"{text[:kept]}\n[… {len(text) - 2 * kept} characters left out …]\n{text[-kept:]}"

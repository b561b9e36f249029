"""A benchmark's page: its accuracies, every submission's tau, and where submissions disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from zcnas.judging.outcomes import Analysis, Outcomes
from zcnas.judging.statistics import rank_scores
from zcnas.pages.environment import decimals_of, environment
from zcnas.pages.small_figures import histogram_figure, scatter_figure
from zcnas.pages.titles import benchmark_title, dataset_title, space_title
from zcnas.pages.top import top_cells
from zcnas.pages.views import pack, picture_of
from zcnas.words.feedback import Feedback

COMPARED = 12
"""How many of the best submissions are drawn and compared with each other."""
DISPUTED = 10
MAX_PICTURED = 300
"""Submissions up to which every row has a picture of its interval beside the numbers."""
BINS = 20
_SIGNS_AT_ONCE = 250_000


@dataclass(frozen=True)
class Compared:
    """A submission as a benchmark's page names it, with its row's cells on every page."""

    name: str
    href: str
    baseline: bool
    row: int
    answered: bool = True
    cells: Sequence[str] = ()


@dataclass(frozen=True)
class TauRow:
    """One submission on the benchmark; one without any answered query has no place."""

    place: int | None
    cells: Markup


@dataclass(frozen=True)
class Disputed:
    """An architecture and the ranks (1 = best) that the compared submissions give it."""

    number: int
    accuracy: str
    best: int
    middle: int
    worst: int
    spec: str


@dataclass(frozen=True)
class BenchmarkView:
    """Everything ``benchmark.html`` shows."""

    key: str
    title: str
    space: str
    dataset: str
    count: int
    unit: str
    source: str
    ceiling: float | None
    rows: tuple[TauRow, ...]
    histogram: Markup
    bins: tuple[tuple[str, str, int], ...]
    scatters: tuple[tuple[str, float, Markup], ...]
    agreement: tuple[tuple[str, tuple[float | None, ...]], ...]
    disputed: tuple[Disputed, ...]
    packed: Markup


def benchmark_view(
    outcomes: Outcomes,
    analysis: Analysis,
    column: int,
    submissions: Sequence[Compared],
    source: str,
    specs: Mapping[str, str],
    show: Feedback,
) -> BenchmarkView:
    """Return what the page of benchmark ``column`` shows.

    Args:
        outcomes: Of the benchmark.
        analysis: Of all benchmarks.
        column: Which one this is.
        submissions: Who is shown.
        source: Of the accuracies, in words.
        specs: Id to architecture; empty where architectures are not to be seen.
        show: What the page may show.
    """
    ordered = sorted(
        submissions, key=lambda each: (not each.answered, -analysis.taus[each.row, column])
    )
    answered = [each for each in ordered if each.answered]
    taus = [float(analysis.taus[each.row, column]) for each in answered]
    places = [*_places(taus), *[None] * (len(ordered) - len(answered))]
    rows = [
        TauRow(place, Markup(each.cells[column]))
        for place, each in zip(places, ordered, strict=True)
    ]
    drawn = answered[:COMPARED]
    counts, edges = np.histogram(outcomes.accuracies, bins=BINS)
    shape = (len(drawn), len(outcomes.tokens))
    ranks = np.array([_ranks(outcomes, each.row) for each in drawn], np.int32).reshape(shape)
    return BenchmarkView(
        key=outcomes.benchmark.key,
        title=benchmark_title(outcomes.benchmark),
        space=space_title(outcomes.benchmark.search_space),
        dataset=dataset_title(outcomes.benchmark.dataset.name),
        count=len(outcomes.tokens),
        unit=outcomes.unit,
        source=source,
        ceiling=outcomes.ceiling,
        rows=tuple(rows),
        histogram=histogram_figure(
            counts, float(edges[0]), float(edges[-1]), f"accuracy ({outcomes.unit})"
        ),
        bins=tuple(
            (f"{low:.4g}", f"{high:.4g}", int(count))
            for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
        ),
        scatters=tuple(
            _scatter(outcomes, analysis, column, each, own)
            for each, own in zip(drawn, ranks, strict=True)
        ),
        agreement=_agreement(drawn, ranks),
        disputed=_disputed(outcomes, ranks, specs) if len(drawn) > 1 else (),
        packed=_pack(outcomes, specs),
    )


def draw_cells(
    outcomes: Sequence[Outcomes],
    analysis: Analysis,
    each: Compared,
    pictured: bool,
    show: Feedback,
) -> list[str]:
    """Return a submission's cells on the page of every benchmark, as HTML of ours.

    Args:
        outcomes: One per benchmark.
        analysis: Of all benchmarks.
        each: The submission.
        pictured: Whether pictures of intervals stand beside the numbers.
        show: What the pages may show.
    """
    template, decimals = environment().get_template("benchmark_row.html"), decimals_of(show)
    pictured = pictured and each.answered
    return [
        template.render(
            row=_cells(own, analysis, column, each, pictured, show), show=show, decimals=decimals
        )
        for column, own in enumerate(outcomes)
    ]


def _cells(
    outcomes: Outcomes,
    analysis: Analysis,
    column: int,
    each: Compared,
    pictured: bool,
    show: Feedback,
) -> dict[str, object]:
    index = (each.row, column)
    tau, interval = float(analysis.taus[index]), analysis.intervals[index].tolist()
    return {
        "name": each.name,
        "href": each.href,
        "baseline": each.baseline,
        "answered": each.answered,
        "tau": tau,
        "interval": interval,
        "whisker": picture_of(tau, interval, (), outcomes.ceiling, show) if pictured else "",
        "tau_a": float(analysis.tau_a[index]),
        "distinct": int(analysis.distinct[index]),
        "spearman": float(analysis.spearman[index]),
        "top": top_cells(analysis, each.row, column),
        "failed": int(np.isnan(outcomes.scores[each.row]).sum()),
    }


def _places(taus: Sequence[float]) -> list[int | None]:
    """Return the places of falling taus; equal taus share one."""
    places: list[int | None] = []
    for position, tau in enumerate(taus, start=1):
        tied = position > 1 and taus[position - 2] == tau
        places.append(places[-1] if tied else position)
    return places


def _ranks(outcomes: Outcomes, row: int) -> NDArray[np.int32]:
    return rank_scores([None if v != v else v for v in outcomes.scores[row].tolist()])


def _scatter(
    outcomes: Outcomes,
    analysis: Analysis,
    column: int,
    each: Compared,
    ranks: NDArray[np.int32],
) -> tuple[str, float, Markup]:
    tau = float(analysis.taus[each.row, column])
    failed = np.isnan(outcomes.scores[each.row])
    text = f"{each.name}: ranks by score against ranks by accuracy, tau-b {tau:.3f}"
    return each.name, tau, scatter_figure(ranks, failed, text)


def _agreement(
    drawn: Sequence[Compared], ranks: NDArray[np.int32]
) -> tuple[tuple[str, tuple[float | None, ...]], ...]:
    """Return tau-b between the scores of every two submissions; None beside the diagonal's half."""
    taus = tau_matrix(ranks)
    return tuple(
        (
            each.name,
            tuple(
                float(tau) if other != number else None for other, tau in enumerate(taus[number])
            ),
        )
        for number, each in enumerate(drawn)
    )


def tau_matrix(ranks: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return tau-b between every two rows of ranks (S, N), (S, S); 0 where one is all equal."""
    count = ranks.shape[1]
    at_once = max(1, _SIGNS_AT_ONCE // max(1, ranks.size))
    surplus = np.zeros((len(ranks), len(ranks)))
    for first in range(0, count, at_once):  # every pair twice, which the scale takes out again
        signs = np.sign(ranks[:, first : first + at_once, None] - ranks[:, None, :])
        flat = signs.reshape(len(ranks), signs.shape[1] * count).astype(np.float64)
        surplus += flat @ flat.T
    untied = np.diag(surplus)  # a row agrees with itself on every pair that it orders
    scale = np.sqrt(np.outer(untied, untied))
    taus: NDArray[np.float64] = surplus / np.where(scale > 0, scale, 1)
    return taus


def _disputed(
    outcomes: Outcomes, ranks: NDArray[np.int32], specs: Mapping[str, str]
) -> tuple[Disputed, ...]:
    """Return the architectures whose ranks differ most, by the distance between their quartiles."""
    places = np.array([1 + (row[None] > row[:, None]).sum(axis=1) for row in ranks])  # 1 = best
    low, high = np.percentile(places, (25, 75), axis=0)
    order = np.argsort(-(high - low), kind="stable")[:DISPUTED]
    return tuple(
        Disputed(
            number=int(index) + 1,
            accuracy=f"{outcomes.accuracies[index]:.4g}",
            best=int(places[:, index].min()),
            middle=int(np.median(places[:, index])),
            worst=int(places[:, index].max()),
            spec=specs.get(outcomes.tokens[index], outcomes.tokens[index]),
        )
        for index in order
    )


def _pack(outcomes: Outcomes, specs: Mapping[str, str]) -> Markup:
    columns: dict[str, Sequence[object]] = {
        "id": outcomes.tokens,
        f"accuracy ({outcomes.unit})": outcomes.accuracies.round(4).tolist(),
    }
    if specs:
        columns["architecture"] = [specs.get(token, "") for token in outcomes.tokens]
    return pack([columns])

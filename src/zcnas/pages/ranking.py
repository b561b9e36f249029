"""The ranking page: one row per entry, a column per benchmark and search space, the figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from zcnas.feedback import Feedback
from zcnas.judging.leaderboard import Entry
from zcnas.judging.outcomes import Analysis, Outcomes
from zcnas.pages.environment import decimals_of, format_tau
from zcnas.pages.figures import Standing
from zcnas.pages.small_figures import interval_figure
from zcnas.pages.submission import space_means
from zcnas.pages.views import Tag

INVALID = "invalid submission"
STATUS_TAGS = {"invalid_submission": INVALID, "organiser_error": "organiser error"}


@dataclass(frozen=True)
class Column:
    """A benchmark's column."""

    key: str
    space: str
    ceiling: float | None


@dataclass(frozen=True)
class RankingRow:
    """One entry's row; numbers that it has none of are dashes already."""

    name: str
    href: str
    below: str
    team: str
    received_at: str
    tags: tuple[Tag, ...]
    rank: int | None
    group: int | None
    opens: bool
    score: float | None
    interval: Sequence[float] | None
    whisker: Markup | str
    first: str
    failed: int | None
    cpu: str
    baseline: bool
    counted: bool
    spaces: tuple[str, ...]
    taus: tuple[str, ...]


def columns_of(outcomes: Sequence[Outcomes]) -> tuple[Column, ...]:
    """Return the benchmarks' columns."""
    return tuple(
        Column(each.benchmark.key, each.benchmark.search_space, each.ceiling) for each in outcomes
    )


def ranking_rows(
    entries: Sequence[Entry],
    hrefs: Sequence[str],
    outcomes: Sequence[Outcomes],
    show: Feedback,
) -> tuple[RankingRow, ...]:
    """Return the rows of the ranking, in the entries' order."""
    decimals = decimals_of(show)
    span = score_span(entries, decimals)
    rows, group = [], None
    for entry, href in zip(entries, hrefs, strict=True):
        taus = [entry.kendall_tau.get(each.benchmark.key) for each in outcomes]
        known = [tau for tau in taus if tau is not None]
        spaces = space_means(outcomes, known) if len(known) == len(taus) else ()
        opens = entry.rank_group is not None and group is not None and entry.rank_group != group
        group = entry.rank_group if entry.rank_group is not None else group
        rows.append(
            RankingRow(
                name=entry.submission,
                href=href,
                below=_below(entry),
                team=entry.team,
                received_at=entry.received_at,
                tags=tags_of(entry),
                rank=entry.rank,
                group=entry.rank_group,
                opens=opens,
                score=entry.score,
                interval=entry.score_interval,
                whisker=_whisker(entry, span, decimals),
                first=format_share(entry.first_probability),
                failed=None if entry.score is None else sum(entry.failures.values()),
                cpu="–" if entry.score is None else f"{entry.cpu_time_s:.0f}",
                baseline=entry.baseline,
                counted=entry.counted,
                spaces=tuple(format_tau(mean, decimals) for _, mean in spaces),
                taus=tuple(format_tau(tau, decimals) for tau in taus),
            )
        )
    return tuple(rows)


def tags_of(entry: Entry) -> tuple[Tag, ...]:
    """Return the labels that stand beside an entry's name."""
    tags = [Tag("baseline", "base")] if entry.baseline else []
    if not entry.counted:
        tags.append(Tag("does not count"))
    if entry.status in STATUS_TAGS:
        tags.append(Tag(STATUS_TAGS[entry.status], "warn"))
    return tuple(tags)


def format_share(share: float | None) -> str:
    """Return a probability in percent; one too small for the resamples as such."""
    if share is None:
        return "–"
    return "<0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def standings(
    entries: Sequence[Entry],
    rows: Sequence[int],
    outcomes: Sequence[Outcomes],
    analysis: Analysis,
    decimals: int,
) -> list[Standing]:
    """Return the ranked entries as the figures see them; ``rows`` are theirs in the analysis.

    Rounded, because a drawing's coordinates tell a number as exactly as text does.
    """
    queries = sum(len(each.tokens) for each in outcomes)
    return [
        Standing(
            name=entry.submission,
            score=round(float(analysis.means[row]), decimals),
            interval=analysis.mean_intervals[row].round(decimals).tolist(),
            taus=analysis.taus[row].round(decimals),
            cpu_s=entry.cpu_time_s / queries,
            baseline=entry.baseline,
        )
        for entry, row in zip(entries, rows, strict=True)
    ]


def _below(entry: Entry) -> str:
    method = entry.method if entry.method not in ("", entry.submission) else ""
    return " · ".join(part for part in (method, entry.team) if part)


def score_span(entries: Sequence[Entry], decimals: int) -> tuple[float, float]:
    """Return between which scores the ranking's pictures of intervals reach."""
    ends = [
        round(end, decimals)
        for entry in entries
        if entry.score_interval
        for end in entry.score_interval
    ]
    return (min(ends), max(ends)) if ends else (-1.0, 1.0)


def _whisker(entry: Entry, span: tuple[float, float], decimals: int) -> Markup | str:
    """Return the picture of an entry's interval; rounded, as all that a drawing tells."""
    if entry.score is None or entry.score_interval is None:
        return ""
    low, high = span
    places = [
        2 * (round(value, decimals) - low) / max(high - low, 1e-9) - 1
        for value in (*entry.score_interval, entry.score)
    ]
    return interval_figure(places[2], places[:2])

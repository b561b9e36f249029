"""The ranking page's table: one row per entry, a column per benchmark and search space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from zcnas.judging.leaderboard import Entry
from zcnas.judging.outcomes import Analysis, Outcomes
from zcnas.pages.environment import decimals_of, format_tau
from zcnas.pages.figures import shade
from zcnas.pages.small_figures import interval_figure
from zcnas.pages.standing import Standing
from zcnas.pages.submission import space_means
from zcnas.pages.titles import benchmark_title, space_title
from zcnas.pages.top import TopCell
from zcnas.pages.views import Tag
from zcnas.words.feedback import Feedback
from zcnas.words.tracks import ZERO_SHOT

INVALID = "invalid submission"
STATUS_TAGS = {"invalid_submission": INVALID, "organiser_error": "organiser error"}
PODIUM = 3
UNANSWERED = "no query answered"


@dataclass(frozen=True)
class Column:
    """A benchmark's column."""

    key: str
    title: str
    space: str
    ceiling: float | None


@dataclass(frozen=True)
class Shaded:
    """A tau as a cell shows it, and how deep it is shaded."""

    text: str
    shade: int


@dataclass(frozen=True)
class RankingRow:
    """One entry's row; numbers that it has none of are dashes already."""

    name: str
    href: str
    anchor: str
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
    spaces: tuple[Shaded, ...]
    taus: tuple[Shaded, ...]
    top: tuple[TopCell, ...]


def columns_of(outcomes: Sequence[Outcomes]) -> tuple[Column, ...]:
    """Return the benchmarks' columns."""
    return tuple(
        Column(
            each.benchmark.key,
            benchmark_title(each.benchmark),
            space_title(each.benchmark.search_space),
            each.ceiling,
        )
        for each in outcomes
    )


def ranking_rows(
    entries: Sequence[Entry],
    hrefs: Sequence[str],
    outcomes: Sequence[Outcomes],
    show: Feedback,
    top: Mapping[str, tuple[TopCell, ...]],
) -> tuple[RankingRow, ...]:
    """Return the rows of the ranking, in the entries' order.

    Args:
        entries: Who is on it.
        hrefs: Their pages.
        outcomes: One per benchmark.
        show: What the page may show.
        top: Submission to what a search would find with it.
    """
    decimals = decimals_of(show)
    span = score_span(entries, show)
    highest = max((tau for entry in entries for tau in entry.kendall_tau.values()), default=0.0)
    rows, group = [], None
    for entry, href in zip(entries, hrefs, strict=True):
        own = entry.rank_group if show.intervals else None
        opens = own is not None and group is not None and own != group
        group = own if own is not None else group
        taus = [entry.kendall_tau.get(each.benchmark.key) for each in outcomes]
        known = [tau for tau in taus if tau is not None]
        spaces = space_means(outcomes, known) if len(known) == len(taus) else ()
        rows.append(
            RankingRow(
                name=entry.submission,
                href=href,
                anchor=anchor_of(href),
                below=_below(entry),
                team=entry.team,
                received_at=entry.received_at,
                tags=tags_of(entry),
                rank=entry.rank,
                group=own,
                opens=opens,
                score=entry.score,
                interval=entry.score_interval if show.intervals else None,
                whisker=_whisker(entry, span, show),
                first=format_share(entry.first_probability),
                failed=None if entry.score is None else sum(entry.failures.values()),
                cpu="–" if entry.score is None else f"{entry.cpu_time_s:.0f}",
                baseline=entry.baseline,
                counted=entry.counted,
                spaces=tuple(_shaded(mean, decimals, highest) for _, mean in spaces),
                taus=tuple(_shaded(tau, decimals, highest) for tau in taus),
                top=top.get(entry.submission, ()),
            )
        )
    return tuple(rows)


def podium_of(rows: Sequence[RankingRow]) -> tuple[RankingRow, ...]:
    """Return the first three entries that are no baselines; none where there are fewer."""
    ranked = [row for row in rows if row.rank is not None and not row.baseline]
    return tuple(ranked[:PODIUM]) if len(ranked) >= PODIUM else ()


def updated_at(entries: Sequence[Entry], ended: Sequence[str]) -> str:
    """Return when the newest result was made, in UTC; "" where no time is known.

    Args:
        entries: Who is on the ranking.
        ended: When the last query of each was answered; "" where that is not recorded, as of
            predictions from elsewhere, whose arrival counts then.
    """
    scored = [
        (end or each.received_at).replace("+00:00", "Z")
        for each, end in zip(entries, ended, strict=True)
        if each.score is not None
    ]
    return max(scored, default="")


def anchor_of(href: str) -> str:
    """Return the id of the row of an entry, by its page's name."""
    return href.removesuffix(".html")


def _shaded(tau: float | None, decimals: int, highest: float) -> Shaded:
    rounded = None if tau is None else round(tau, decimals)
    return Shaded(format_tau(tau, decimals), 0 if rounded is None else shade(rounded, highest))


def tags_of(entry: Entry) -> tuple[Tag, ...]:
    """Return the labels that stand beside an entry's name."""
    tags = [Tag("baseline", "base")] if entry.baseline else []
    if entry.track != ZERO_SHOT:
        tags.append(Tag(entry.track))
    if not entry.counted:
        tags.append(Tag("does not count"))
    if entry.status in STATUS_TAGS:
        tags.append(Tag(STATUS_TAGS[entry.status], "warn"))
    elif not entry.answered:
        tags.append(Tag(UNANSWERED, "warn"))
    return tuple(tags)


def format_share(share: float | None) -> str:
    """Return a probability in percent; one too small for the resamples as such."""
    if share is None:
        return "–"
    return "<0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def standings(
    entries: Sequence[Entry],
    anchors: Sequence[str],
    rows: Sequence[int],
    outcomes: Sequence[Outcomes],
    analysis: Analysis,
    show: Feedback,
) -> list[Standing]:
    """Return the ranked entries as the figures see them; ``rows`` are theirs in the analysis.

    Rounded, because a drawing's coordinates tell a number as exactly as text does.
    """
    queries, decimals = sum(len(each.tokens) for each in outcomes), decimals_of(show)
    return [
        Standing(
            name=entry.submission,
            row=anchor,
            score=round(float(analysis.means[row]), decimals),
            interval=(
                analysis.mean_intervals[row].round(decimals).tolist() if show.intervals else None
            ),
            taus=analysis.taus[row].round(decimals),
            cpu_s=entry.cpu_time_s / queries,
            baseline=entry.baseline,
            group=entry.rank_group if show.intervals else None,
        )
        for entry, anchor, row in zip(entries, anchors, rows, strict=True)
    ]


def _below(entry: Entry) -> str:
    method = entry.method if entry.method not in ("", entry.submission) else ""
    return " · ".join(part for part in (method, entry.team) if part)


def score_span(entries: Sequence[Entry], show: Feedback) -> tuple[float, float]:
    """Return between which scores the ranking's pictures reach: those of all that answered."""
    ends = [
        round(end, decimals_of(show))
        for entry in entries
        if entry.answered and entry.score is not None
        for end in (entry.score, *((entry.score_interval or ()) if show.intervals else ()))
    ]
    return (min(ends), max(ends)) if ends else (-1.0, 1.0)


def _whisker(entry: Entry, span: tuple[float, float], show: Feedback) -> Markup | str:
    """Return the picture of an entry's interval; rounded, as all that a drawing tells."""
    if entry.score is None or not entry.answered:
        return ""
    low, high = span
    interval = entry.score_interval if show.intervals else None
    places = [
        2 * (round(value, decimals_of(show)) - low) / max(high - low, 1e-9) - 1
        for value in (entry.score, *(interval or ()))
    ]
    return interval_figure(places[0], places[1:] or None)

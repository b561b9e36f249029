"""The page of the ranking: what stands in its table, its figures and its head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zcnas.judging.leaderboard import Leaderboard
from zcnas.pages.comparison import pack_differences
from zcnas.pages.environment import asset, decimals_of
from zcnas.pages.figures import ranking_figures
from zcnas.pages.history import TeamHistory
from zcnas.pages.identity import PREVIEW
from zcnas.pages.ranking import (
    anchor_of,
    columns_of,
    podium_of,
    ranking_rows,
    score_span,
    standings,
)
from zcnas.pages.site_content import SiteContent, lead_of, render
from zcnas.pages.top import mean_cells, mean_titles


def ranking_page(
    content: SiteContent,
    hrefs: Mapping[str, str],
    histories: Sequence[TeamHistory],
    updated: str,
) -> str:
    """Return the page.

    Args:
        content: Of the site.
        hrefs: Submission to its page.
        histories: Of the teams with several entries.
        updated: When the newest result was made, in UTC; "" if that is not known.
    """
    entries, outcomes = content.leaderboard.entries, content.outcomes
    if not content.show.scores:  # their order would tell
        entries = tuple(sorted(entries, key=lambda entry: (entry.received_at, entry.submission)))
    show = content.show
    top = {
        entry.submission: mean_cells(content.analysis, content.rows.get(entry.submission), outcomes)
        for entry in entries
        if show.architectures
    }
    rows = ranking_rows(entries, [hrefs[e.submission] for e in entries], outcomes, show, top)
    columns = columns_of(outcomes)
    ranked = [entry for entry in entries if entry.rank is not None]
    anchors = [anchor_of(hrefs[entry.submission]) for entry in ranked]
    indices = [content.rows[entry.submission] for entry in ranked]
    spaces = list(dict.fromkeys(column.space for column in columns))
    before_taus = 4 + 2 * show.intervals + 2 * show.failures
    before_taus += len(mean_titles(outcomes)) if show.architectures else 0
    before_taus += len(spaces) if len(spaces) > 1 else 0
    drawn = standings(ranked, anchors, indices, outcomes, content.analysis, show)
    return render(
        "ranking.html",
        "index.html",
        content,
        lead=lead_of(content),
        updated=updated if show.scores else "",
        preview=content.identity.address_of(PREVIEW),
        trusted=_warning(content.leaderboard),
        rows=rows,
        podium=podium_of(rows),
        histories=histories,
        span=score_span(entries, show),
        columns=columns,
        spaces=spaces,
        top_titles=mean_titles(outcomes) if show.architectures else (),
        before_taus=before_taus,
        has_ceiling=any(column.ceiling is not None for column in columns),
        has_baselines=any(entry.baseline for entry in entries),
        has_uncounted=any(not entry.counted for entry in entries),
        has_unanswered=any(not entry.answered for entry in entries),
        figures=ranking_figures(drawn, [column.title for column in columns], decimals_of(show))
        if show.failures
        else (),
        css_ranking=asset("ranking.css") + asset("figures.css"),
        js_table=asset("table.js"),
        js_board=asset("board.js"),
        js_compare=asset("compare.js"),
        differences=pack_differences(content.analysis, indices, anchors) if show.intervals else "",
    )


def _warning(board: Leaderboard) -> str:
    if not board.ran_contained:
        return (
            "These submissions ran as plain processes, not in containers: they could read this "
            "machine's files and use its network, so the ranking rests on trust in them."
        )
    return ""

"""The static site of a run: ranking, a page per submission and per benchmark, the phase.

Flat: every page lies in one folder and links to the others by name, so it opens from a file and
from any host.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import msgspec

from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.judging.outcomes import Analysis, Outcomes
from zcnas.judging.statistics import RESAMPLES
from zcnas.pages.benchmark import MAX_PICTURED, Compared, benchmark_view, draw_cells
from zcnas.pages.comparison import pack_differences
from zcnas.pages.drawn import DrawnParts
from zcnas.pages.environment import asset, decimals_of, environment
from zcnas.pages.figures import ranking_figures
from zcnas.pages.history import TeamHistory, team_histories
from zcnas.pages.phase_facts import phase_facts
from zcnas.pages.ranking import (
    anchor_of,
    columns_of,
    format_share,
    podium_of,
    ranking_rows,
    score_span,
    standings,
    tags_of,
    updated_at,
)
from zcnas.pages.site_folder import list_site_files
from zcnas.pages.submission import (
    About,
    Baselines,
    SubmissionBody,
    body_of,
    render_submission,
    view_of,
)
from zcnas.pages.titles import benchmark_href
from zcnas.pages.top import TITLES, mean_cells, mean_titles
from zcnas.pages.views import Fact, Tally
from zcnas.phases import Phase
from zcnas.words.feedback import Feedback

COMPACT_ABOVE = 200_000
"""Scored architectures of all submissions above which tables leave out what other pages tell."""


@dataclass(frozen=True, kw_only=True)
class SiteContent:
    """What a site is made of.

    Attributes:
        leaderboard: The entries in the order of the ranking, statistics included.
        phase: Their phase.
        outcomes: One per benchmark.
        analysis: Of those.
        rows: Submission to its row in outcomes and analysis; one without a score has none.
        show: What the pages may show.
        about: Reads what a submission's page tells beside its predictions.
        specs: Benchmark to id to architecture; empty where they are not to be seen.
        seeds: Names and values, in words where they are not to be seen.
        drawn: What was drawn for an earlier board.
    """

    leaderboard: Leaderboard
    phase: Phase
    outcomes: Sequence[Outcomes]
    analysis: Analysis
    rows: Mapping[str, int]
    show: Feedback
    about: Callable[[Entry], About]
    specs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    seeds: Sequence[tuple[str, str]] = ()
    drawn: DrawnParts = field(default_factory=DrawnParts)

    @property
    def complete(self) -> bool:
        """Whether there is room for everything on the page of every submission."""
        counted = sum(len(each.scores) * len(each.tokens) for each in self.outcomes)
        return counted <= COMPACT_ABOVE


def write_site(content: SiteContent, folder: Path) -> None:
    """Write the site into a folder; an earlier site there is replaced as a whole."""
    # Under a name that nobody else's folder has, for what stands beside a site is not ours.
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}")
    partial.mkdir(parents=True)
    try:
        _write_pages(content, partial)
        list_site_files(partial)
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _write_pages(content: SiteContent, folder: Path) -> None:
    hrefs = page_names([entry.submission for entry in content.leaderboard.entries])
    board, show = content.leaderboard, content.show
    histories = team_histories(board.entries, hrefs, decimals_of(show)) if show.scores else ()
    by_team = {each.team: each for each in histories}
    _write(folder, "index.html", _ranking(content, hrefs, histories))
    _write(folder, "phase.html", _phase(content))
    shown = _compared(content, hrefs)
    for column in range(len(content.outcomes)):
        each = content.outcomes[column].benchmark.key
        _write(folder, benchmark_href(each), _benchmark(content, column, shown))
    for entry in content.leaderboard.entries:
        href, history = hrefs[entry.submission], by_team.get(entry.team)
        _write(folder, href, _submission(content, entry, href, history))


def page_names(submissions: Sequence[str]) -> dict[str, str]:
    """Return a file name for each submission's page.

    Plain ASCII and in lower case, because hosts differ in what they allow and tell apart; a digest
    keeps names apart that would become equal.
    """
    names: dict[str, str] = {}
    for submission in submissions:
        plain = re.sub(r"[^a-z0-9_-]+", "-", submission.lower())[:60]
        if plain != submission or not plain:
            plain += "-" + hashlib.sha256(submission.encode(errors="replace")).hexdigest()[:10]
        names[submission] = f"submission-{plain}.html"
    return names


def _write(folder: Path, name: str, html: str) -> None:
    (folder / name).write_text(html, encoding="utf-8")


def _links() -> tuple[tuple[str, str], ...]:
    return (("Ranking", "index.html"), ("Phase and benchmarks", "phase.html"))


def _lead(content: SiteContent) -> str:
    board, outcomes = content.leaderboard, content.outcomes
    counts = sorted({len(each.tokens) for each in outcomes})
    many = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    entries = sum(not entry.baseline for entry in board.entries)
    baselines = len(board.entries) - entries
    parts = [f"{entries} {'entry' if entries == 1 else 'entries'}"] if entries else []
    parts += [f"{baselines} {'baseline' if baselines == 1 else 'baselines'}"] if baselines else []
    judged = "benchmark" if len(outcomes) == 1 else "benchmarks"
    return (
        f"{' and '.join(parts) or 'No entries'} on {len(outcomes)} {judged} of {many} "
        f"architectures; ranked by the mean of Kendall's tau-b. Isolation: {board.isolation}. "
        f"Images: {'; '.join(dict.fromkeys(board.data_sources.values()))}."
    )


def _ranking(
    content: SiteContent, hrefs: Mapping[str, str], histories: Sequence[TeamHistory]
) -> str:
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
    return _render(
        "ranking.html",
        "index.html",
        content,
        lead=_lead(content),
        updated=updated_at(entries) if show.scores else "",
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


def _compared(content: SiteContent, hrefs: Mapping[str, str]) -> list[Compared]:
    """Return the submissions as the benchmarks' pages name them."""
    outcomes, analysis, show = content.outcomes, content.analysis, content.show
    pictured = len(content.rows) <= MAX_PICTURED
    compared = []
    for entry in content.leaderboard.entries:
        if entry.submission not in content.rows:
            continue
        href, row = hrefs[entry.submission], content.rows[entry.submission]
        each = Compared(entry.submission, href, entry.baseline, row, entry.answered)
        cells = content.drawn.recall(
            "cells",
            entry,
            (href, entry.baseline, entry.answered, pictured, asdict(show)),
            list[str],
            partial(draw_cells, outcomes, analysis, each, pictured, show),
        )
        compared.append(replace(each, cells=cells))
    return compared


def _benchmark(content: SiteContent, column: int, shown: Sequence[Compared]) -> str:
    outcomes = content.outcomes[column]
    key = outcomes.benchmark.key
    specs = content.specs.get(key, {}) if content.show.architectures else {}
    source = content.leaderboard.accuracy_sources.get(key, "")
    view = benchmark_view(outcomes, content.analysis, column, shown, source, specs, content.show)
    return _render(
        "benchmark.html",
        benchmark_href(key),
        content,
        view=view,
        top_titles=tuple(TITLES.values()),
        css_ranking=asset("ranking.css"),
        js_table=asset("table.js"),
        js_architectures=asset("architectures.js"),
    )


def _submission(content: SiteContent, entry: Entry, href: str, history: TeamHistory | None) -> str:
    method = entry.method or entry.submission
    about = _placed(About(submission=entry.submission, method=method), entry, content.show)
    row = content.rows.get(entry.submission)
    if row is None:
        return (
            environment()
            .get_template("unscored.html")
            .render(about=about, phase=content.phase, links=_links())
        )
    if not content.show.scores:
        body = SubmissionBody(Tally(0, 0, 0.0), "")
        return render_submission(
            content.phase, about, content.analysis, row, body, content.show, _links()
        )
    baselines = {
        other.submission: other.kendall_tau
        for other in content.leaderboard.entries
        if other.baseline
    }
    body = content.drawn.recall(
        "body",
        entry,
        (
            msgspec.to_builtins(content.phase),
            baselines,
            entry.rank is not None,
            asdict(content.show),
            content.complete,
            content.drawn.fingerprint(entry),
        ),
        SubmissionBody,
        partial(_body, content, entry, row, baselines),
    )
    return render_submission(
        content.phase, about, content.analysis, row, body, content.show, _links(),
        None if entry.baseline else history, href,
    )  # fmt: skip


def _body(content: SiteContent, entry: Entry, row: int, baselines: Baselines) -> SubmissionBody:
    view = view_of(
        content.phase,
        replace(content.about(entry), rank=entry.rank),
        content.outcomes,
        content.analysis,
        row,
        baselines,
        content.show,
        hrefs={e.benchmark.key: benchmark_href(e.benchmark.key) for e in content.outcomes},
        complete=content.complete,
    )
    return body_of(view, content.show)


def _placed(about: About, entry: Entry, show: Feedback) -> About:
    """Return what a page tells of a submission, with its place on the leaderboard.

    Where scores are hidden, so is which entry of a team counts; a refusal is always told.
    """
    if not show.scores:
        message = entry.message if entry.status == "invalid_submission" else ""
        return replace(
            about, team=entry.team, received_at=entry.received_at, message=message, manifests={}
        )
    facts = []
    if entry.rank is not None:
        known = show.intervals and entry.rank_group is not None
        group = f"rank group {entry.rank_group}" if known else ""
        facts.append(Fact("Rank", str(entry.rank), group))
    if show.intervals and entry.first_probability is not None:
        share = format_share(entry.first_probability)
        facts.append(Fact("Chance of first", share, f"of {RESAMPLES:,} resamples"))
    return replace(
        about,
        team=entry.team,
        received_at=entry.received_at,
        rank=entry.rank,
        message=entry.message,
        tags=tags_of(entry),
        facts=tuple(facts),
    )


def _phase(content: SiteContent) -> str:
    manifests = [
        manifest
        for entry in content.leaderboard.entries[:20]
        for manifest in content.about(entry).manifests.values()
    ]
    return _render(
        "phase.html",
        "phase.html",
        content,
        lead=_lead(content),
        seeds=content.seeds,
        **phase_facts(content.phase, content.leaderboard, content.outcomes, manifests),
    )


def _render(template: str, here: str, content: SiteContent, **values: object) -> str:
    return (
        environment()
        .get_template(template)
        .render(
            phase=content.phase,
            show=content.show,
            decimals=decimals_of(content.show),
            links=_links(),
            here=here,
            **values,
        )
    )

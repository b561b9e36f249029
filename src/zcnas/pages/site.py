"""The static site of a run: ranking, a page per submission and per benchmark, the phase.

Flat: every page lies in one folder and links to the others by name, so it opens from a file and
from any host.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import msgspec

from zcnas.judging.leaderboard import Entry
from zcnas.judging.statistics import RESAMPLES
from zcnas.pages.benchmark import MAX_PICTURED, Compared, benchmark_view, draw_cells
from zcnas.pages.environment import asset, decimals_of
from zcnas.pages.history import TeamHistory, team_histories
from zcnas.pages.identity import PREVIEW
from zcnas.pages.phase_facts import phase_facts
from zcnas.pages.preview import draw_preview
from zcnas.pages.ranking import format_share, tags_of, updated_at
from zcnas.pages.ranking_page import ranking_page
from zcnas.pages.site_content import LINKS, SiteContent, lead_of, render
from zcnas.pages.site_folder import list_site_files
from zcnas.pages.submission import (
    About,
    Baselines,
    OnSite,
    SubmissionBody,
    body_of,
    render_submission,
    view_of,
)
from zcnas.pages.titles import benchmark_href
from zcnas.pages.top import TITLES
from zcnas.pages.views import Fact, Tally
from zcnas.words.feedback import Feedback


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
    _write(folder, "phase.html", _phase(content))
    shown = _compared(content, hrefs)
    for column in range(len(content.outcomes)):
        each = content.outcomes[column].benchmark.key
        _write(folder, benchmark_href(each), _benchmark(content, column, shown))
    ended = []
    for entry in board.entries:
        body = _body_of(content, entry)
        ended.append(body.ended if body else "")
        history = None if entry.baseline else by_team.get(entry.team)
        _write(folder, hrefs[entry.submission], _submission(content, entry, body, hrefs, history))
    updated = updated_at(board.entries, ended)
    _write(folder, "index.html", ranking_page(content, hrefs, histories, updated))
    (folder / PREVIEW).write_bytes(draw_preview(content))


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
    return render(
        "benchmark.html",
        benchmark_href(key),
        content,
        view=view,
        top_titles=tuple(TITLES.values()),
        css_ranking=asset("ranking.css"),
        js_table=asset("table.js"),
        js_architectures=asset("architectures.js"),
    )


def _submission(
    content: SiteContent,
    entry: Entry,
    body: SubmissionBody | None,
    hrefs: Mapping[str, str],
    history: TeamHistory | None,
) -> str:
    method = entry.method or entry.submission
    about = _placed(About(submission=entry.submission, method=method), entry, content.show)
    href = hrefs[entry.submission]
    if body is None:
        return render("unscored.html", href, content, about=about)
    place = OnSite(
        links=LINKS, href=href, identity=content.identity,
        history=history if content.show.scores else None,
    )  # fmt: skip
    row = content.rows[entry.submission]
    return render_submission(content.phase, about, content.analysis, row, body, content.show, place)


def _body_of(content: SiteContent, entry: Entry) -> SubmissionBody | None:
    """Return what a submission's page says below its head; None of one without a score."""
    row = content.rows.get(entry.submission)
    if row is None:
        return None
    if not content.show.scores:
        return SubmissionBody(Tally(0, 0, 0.0), "")
    baselines = {
        other.submission: other.kendall_tau
        for other in content.leaderboard.entries
        if other.baseline
    }
    return content.drawn.recall(
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


def _body(content: SiteContent, entry: Entry, row: int, baselines: Baselines) -> SubmissionBody:
    about = replace(content.about(entry), rank=entry.rank)
    view = view_of(
        content.phase,
        about,
        content.outcomes,
        content.analysis,
        row,
        baselines,
        content.show,
        hrefs={e.benchmark.key: benchmark_href(e.benchmark.key) for e in content.outcomes},
        complete=content.complete,
    )
    return body_of(view, content.show, about.ended)


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
    return render(
        "phase.html",
        "phase.html",
        content,
        lead=lead_of(content),
        seeds=content.seeds,
        **phase_facts(content.phase, content.leaderboard, content.outcomes, manifests),
    )

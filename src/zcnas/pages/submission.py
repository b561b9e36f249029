"""One submission as one self-contained HTML file, within what the phase's feedback allows.

The site has such a page per submission; a platform shows it as ``detailed_results.html``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec
from markupsafe import Markup

from zcnas.judging.outcomes import Analysis, Collector, Outcomes, analyse
from zcnas.judging.statistics import RESAMPLES
from zcnas.pages.environment import asset, decimals_of, environment
from zcnas.pages.history import TeamHistory
from zcnas.pages.identity import NOBODY, PREVIEW, Identity
from zcnas.pages.titles import space_title
from zcnas.pages.top import TITLES
from zcnas.pages.views import (
    Fact,
    SubmissionView,
    Tag,
    Tally,
    benchmark_row,
    failure_rows,
    pack_architectures,
    shorten,
)
from zcnas.phases import Phase
from zcnas.words.feedback import Feedback, log_shown, shown
from zcnas.words.records import Prediction, PublicManifest, Reference

LOG_CHARACTERS = 60_000
"""How much of what a submission printed its page shows, over all benchmarks."""

Baselines = Mapping[str, Mapping[str, float]]
"""Name of a baseline to its tau per benchmark."""


@dataclass(frozen=True, kw_only=True)
class About:
    """Who sent a submission and where it stands; all of it is optional."""

    submission: str
    method: str
    team: str = ""
    received_at: str = ""
    rank: int | None = None
    message: str = ""
    tags: tuple[Tag, ...] = ()
    facts: tuple[Fact, ...] = ()
    logs: Mapping[str, str] = field(default_factory=dict)
    manifests: Mapping[str, PublicManifest] = field(default_factory=dict)
    ended: str = ""
    """When its newest result was made, in UTC."""


@dataclass(frozen=True, kw_only=True)
class OnSite:
    """Where a submission's page stands on a site; a platform's stands alone.

    Attributes:
        links: To the other pages, texts and names.
        href: The page's own name.
        history: Of its team, where there is one.
        identity: Whose site it is.
    """

    links: Sequence[tuple[str, str]] = ()
    href: str = ""
    history: TeamHistory | None = None
    identity: Identity = NOBODY


ALONE = OnSite()


class SubmissionBody(msgspec.Struct, frozen=True, array_like=True):
    """All of a submission's page that follows from its own results; HTML of ours."""

    tally: Tally
    html: str
    ended: str = ""


def submission_page(
    phase: Phase,
    about: About,
    predictions: Mapping[str, Sequence[Prediction]],
    references: Mapping[str, Reference],
    *,
    baselines: Baselines | None = None,
    feedback: Feedback | None = None,
    resamples: int = RESAMPLES,
) -> str:
    """Return the page of one submission: below 2 MB, with no resource outside itself.

    Args:
        phase: The phase; its feedback says what is shown.
        about: Names, and optionally logs and the public parts of the manifests by benchmark.
        predictions: Benchmark key to predictions; a benchmark left out counts as failed.
        references: Benchmark key to the hidden half, for every benchmark of the phase.
        baselines: Taus to stand beside the submission's.
        feedback: Instead of the phase's own, after the deadline.
        resamples: Of the bootstrap.
    """
    ordered = {key: references[key] for key in phase.benchmarks}
    collector = Collector(ordered, 1)
    collector.add(0, predictions)
    outcomes = collector.outcomes()
    analysis = analyse(phase.name, outcomes, phase.failure_tau, resamples=resamples)
    show = feedback or shown(phase)
    view = view_of(phase, about, outcomes, analysis, 0, baselines or {}, show)
    return render_submission(phase, about, analysis, 0, body_of(view, show), show)


def view_of(
    phase: Phase,
    about: About,
    outcomes: Sequence[Outcomes],
    analysis: Analysis,
    row: int,
    baselines: Baselines,
    show: Feedback,
    *,
    hrefs: Mapping[str, str] | None = None,
    complete: bool = True,
) -> SubmissionView:
    """Return what the page of submission ``row`` shows below its head."""
    rows = tuple(
        benchmark_row(
            each,
            analysis,
            (row, column),
            phase.limits,
            {
                name: taus[each.benchmark.key]
                for name, taus in baselines.items()
                if name != about.submission and each.benchmark.key in taus
            },
            show,
            (hrefs or {}).get(each.benchmark.key, ""),
            complete=complete,
        )
        for column, each in enumerate(outcomes)
    )
    logs, cut = _logs(about.logs, LOG_CHARACTERS if complete else LOG_CHARACTERS // 20)
    names = [name for name in baselines if name != about.submission]
    return SubmissionView(
        phase=phase,
        ranked=about.rank is not None,
        tally=Tally(
            failed=sum(each.failed for each in rows),
            total=sum(each.failed + each.valid for each in rows),
            cpu_time_s=sum(each.used.seconds for each in rows),
        ),
        benchmarks=rows,
        spaces=space_means(outcomes, analysis.taus[row].tolist()),
        baseline_names=", ".join(names) if len(names) < 5 else f"all {len(names)}" if names else "",
        best_baseline=bool(names),
        has_ceiling=any(each.ceiling is not None for each in outcomes),
        failure_rows=tuple(line for each in outcomes for line in failure_rows(each, row)),
        logs=logs,
        logs_cut=cut,
        provenance=_provenance(about.manifests),
        packed=pack_architectures(outcomes, row, complete=complete),
        complete=complete,
    )


def body_of(view: SubmissionView, show: Feedback, ended: str = "") -> SubmissionBody:
    """Return a view as HTML, without what ``show`` hides.

    Args:
        view: Of a submission.
        show: What the page may show.
        ended: When the newest result was made, in UTC; "" if that is not known.
    """
    view = replace(view, logs=tuple((key, log_shown(text, show)) for key, text in view.logs))
    template = environment().get_template("submission_body.html")
    html = template.render(
        view=view, top_titles=tuple(TITLES.values()), show=show, decimals=decimals_of(show)
    )
    return SubmissionBody(view.tally, html, ended)


def render_submission(
    phase: Phase,
    about: About,
    analysis: Analysis,
    row: int,
    body: SubmissionBody,
    show: Feedback,
    place: OnSite = ALONE,
) -> str:
    """Return the page of submission ``row``: who sent it, where it stands, and its body.

    Args:
        phase: The phase.
        about: Who sent it.
        analysis: Of the whole phase.
        row: The submission's.
        body: What follows from its own results.
        show: What the page may show.
        place: Where it stands.
    """
    return (
        environment()
        .get_template("submission.html")
        .render(
            phase=phase,
            head=about,
            score=float(analysis.means[row]),
            interval=analysis.mean_intervals[row].tolist(),
            tally=body.tally,
            body=Markup(body.html),
            show=show,
            decimals=decimals_of(show),
            js_architectures=asset("architectures.js"),
            links=place.links,
            history=place.history,
            href=place.href,
            identity=place.identity,
            preview=place.identity.address_of(PREVIEW),
        )
    )


def space_means(
    outcomes: Sequence[Outcomes], taus: Sequence[float]
) -> tuple[tuple[str, float], ...]:
    """Return the mean tau per search space, in the phase's order."""
    found: dict[str, list[float]] = {}
    for each, tau in zip(outcomes, taus, strict=True):
        found.setdefault(each.benchmark.search_space, []).append(tau)
    return tuple((space_title(space), sum(values) / len(values)) for space, values in found.items())


def _logs(logs: Mapping[str, str], characters: int) -> tuple[tuple[tuple[str, str], ...], bool]:
    printed = {key: text for key, text in logs.items() if text.strip()}
    share = characters // max(len(printed), 1)
    cut = tuple((key, shorten(text, share)) for key, text in printed.items())
    return cut, any(len(text) > share for text in printed.values())


def _provenance(manifests: Mapping[str, PublicManifest]) -> tuple[tuple[str, str], ...]:
    """Return what the public parts of the manifests say, each different value once."""
    each = list(manifests.values())
    if not each:
        return ()
    versions = [f"{name} {value}" for m in each for name, value in m.versions.items()]
    facts = {
        "Isolation": [m.isolation for m in each],
        "Processor": [m.cpu_model for m in each],
        "Versions": versions,
        "Images": [m.data_source for m in each],
        "Batch size": [str(m.batch_size) for m in each],
        "SHA-256 of the submission": [m.submission_sha256 for m in each],
    }
    told = {name: "; ".join(dict.fromkeys(filter(None, each))) for name, each in facts.items()}
    return tuple((name, text) for name, text in told.items() if text)

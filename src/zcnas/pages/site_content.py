"""What the pages of a site are made of, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.judging.outcomes import Analysis, Outcomes
from zcnas.pages.drawn import DrawnParts
from zcnas.pages.environment import decimals_of, environment
from zcnas.pages.identity import NOBODY, Identity
from zcnas.pages.phase_facts import SHARES
from zcnas.pages.submission import About
from zcnas.phases import Phase
from zcnas.words.feedback import Feedback
from zcnas.words.text import plural

LINKS = (("Ranking", "index.html"), ("Phase and benchmarks", "phase.html"))
"""What leads to the other pages: texts and names."""
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
        identity: Whose board it is.
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
    identity: Identity = NOBODY

    @property
    def complete(self) -> bool:
        """Whether there is room for everything on the page of every submission."""
        counted = sum(len(each.scores) * len(each.tokens) for each in self.outcomes)
        return counted <= COMPACT_ABOVE


def counted(content: SiteContent) -> str:
    """Return who is ranked on what: ``3 entries on 28 benchmarks of 100 architectures``."""
    outcomes, listed = content.outcomes, content.leaderboard.entries
    counts = sorted({len(each.tokens) for each in outcomes})
    many = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    entries = sum(not entry.baseline for entry in listed)
    baselines = len(listed) - entries
    parts = [plural(entries, "entry", "entries")] if entries else []
    parts += [plural(baselines, "baseline")] if baselines else []
    return (
        f"{' and '.join(parts) or 'No entries'} on {plural(len(outcomes), 'benchmark')} of "
        f"{many} architectures"
    )


def lead_of(content: SiteContent) -> str:
    """Return who is ranked on what and how, in a few sentences."""
    board = content.leaderboard
    return (
        f"{counted(content)}; ranked by the mean of Kendall's tau-b. Isolation: {board.isolation}. "
        f"Images: {'; '.join(dict.fromkeys(board.data_sources.values()))}. {SHARES[board.share]}"
    ).rstrip()


def render(template: str, here: str, content: SiteContent, **values: object) -> str:
    """Return a page of the site.

    Args:
        template: Its template.
        here: Its name.
        content: Of the site.
        values: What the template shows beside that.
    """
    return (
        environment()
        .get_template(template)
        .render(
            phase=content.phase,
            show=content.show,
            decimals=decimals_of(content.show),
            links=LINKS,
            here=here,
            identity=content.identity,
            **values,
        )
    )

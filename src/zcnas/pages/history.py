"""How teams came to where they stand: their attempts in the order of arrival, the best so far.

A run of single entries, or one without times, has no history.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from zcnas.judging.leaderboard import Entry
from zcnas.pages.environment import format_tau
from zcnas.pages.plot import Axis, percent

ROOM = 0.06
"""Share of the picture left free at each end, so that no dot is cut."""


@dataclass(frozen=True)
class Attempt:
    """One entry of a team; ``best`` is the team's best score up to it."""

    name: str
    href: str
    received: str
    score: str
    best: str
    improved: bool
    counted: bool


@dataclass(frozen=True)
class TeamHistory:
    """A team with several entries whose times are known, earliest first."""

    team: str
    attempts: tuple[Attempt, ...]
    best: Attempt
    picture: Markup


def team_histories(
    entries: Sequence[Entry], hrefs: Mapping[str, str], decimals: int
) -> tuple[TeamHistory, ...]:
    """Return the history of every team that has one, the best team first.

    Args:
        entries: In the order of the ranking.
        hrefs: Submission to its page.
        decimals: Of the scores that may be seen.
    """
    teams: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.team and entry.received_at and not entry.baseline:
            teams.setdefault(entry.team, []).append(entry)
    several = {
        team: sorted(own, key=lambda entry: entry.received_at)
        for team, own in teams.items()
        if len(own) > 1 and any(_score(entry, decimals) is not None for entry in own)
    }
    every = [entry for own in several.values() for entry in own]
    if not every:
        return ()
    scores = [score for entry in every if (score := _score(entry, decimals)) is not None]
    times = [_seconds(entry) for entry in every]
    axes = Axis(min(times), max(times)), Axis(min(scores), max(scores))
    found = [
        _history(team, own, hrefs, axes, decimals) for team, own in several.items()
    ]  # the order of the ranking puts a team where its best ranked entry stands
    return tuple(found)


def _history(
    team: str,
    own: Sequence[Entry],
    hrefs: Mapping[str, str],
    axes: tuple[Axis, Axis],
    decimals: int,
) -> TeamHistory:
    attempts: list[Attempt] = []
    reached: list[tuple[float, float]] = []
    best: float | None = None
    leading = 0
    for number, entry in enumerate(own):
        score = _score(entry, decimals)
        improved = score is not None and (best is None or score > best)
        if improved:
            best, leading = score, number
        if best is not None:
            reached.append((_seconds(entry), best))
        attempts.append(
            Attempt(
                name=entry.submission,
                href=hrefs[entry.submission],
                received=f"{entry.received_at[:10]} {entry.received_at[11:16]}",
                score=format_tau(score, decimals),
                best=format_tau(best, decimals),
                improved=improved,
                counted=entry.counted,
            )
        )
    dots = [(_seconds(e), s) for e in own if (s := _score(e, decimals)) is not None]
    return TeamHistory(team, tuple(attempts), attempts[leading], _picture(reached, dots, axes))


def _picture(
    reached: Sequence[tuple[float, float]],
    dots: Sequence[tuple[float, float]],
    axes: tuple[Axis, Axis],
) -> Markup:
    """Return the best so far as steps and every attempt as a dot; the table tells the numbers."""
    across, up = axes

    def x(value: float) -> str:
        return percent(ROOM + (1 - 2 * ROOM) * across.share(value))

    def y(value: float) -> str:
        return percent(1 - 2 * ROOM - (1 - 4 * ROOM) * up.share(value))

    def line(begin: float, end: float, low: float, high: float) -> str:
        return f'<line class="rise" x1="{x(begin)}" x2="{x(end)}" y1="{y(low)}" y2="{y(high)}"/>'

    parts = []
    ends = [*(time for time, _ in reached[1:]), across.high]
    for number, ((begin, score), end) in enumerate(zip(reached, ends, strict=True)):
        before = reached[number - 1][1] if number else score
        if before != score:
            parts.append(line(begin, begin, before, score))
        parts.append(line(begin, end, score, score))
    parts += [f'<circle class="dot" cx="{x(t)}" cy="{y(score)}" r="3"/>' for t, score in dots]
    return Markup('<svg class="spark" aria-hidden="true">{}</svg>').format(Markup("".join(parts)))


def _score(entry: Entry, decimals: int) -> float | None:
    if entry.score is None or not entry.answered:
        return None
    return round(entry.score, decimals)


def _seconds(entry: Entry) -> float:
    return datetime.datetime.fromisoformat(entry.received_at).timestamp()

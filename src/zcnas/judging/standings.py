"""The order of a leaderboard: ranks, ties, and which of a team's entries counts."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from zcnas.errors import ArrivalsError
from zcnas.judging.leaderboard import Entry
from zcnas.phases import CountingRule
from zcnas.words.records import Arrival
from zcnas.words.text import legible


def rank_entries(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the entries by falling score with their ranks.

    Equal scores share a rank, and the next rank counts them all (1, 1, 3); among them the order
    given, which is the order of arrival, stays. Entries of which no query was answered come after
    them, and those without a score last, both without a rank.
    """
    scored = sorted(
        (entry for entry in entries if _deserves_rank(entry)),
        key=lambda entry: -(entry.score or 0.0),
    )
    ranked: list[Entry] = []
    for position, entry in enumerate(scored, start=1):
        tied = bool(ranked) and ranked[-1].score == entry.score
        rank = ranked[-1].rank if tied else position
        ranked.append(msgspec.structs.replace(entry, rank=rank))
    others = [entry for entry in entries if not _deserves_rank(entry)]
    return (*ranked, *sorted(others, key=lambda entry: entry.score is None))


def arrange(
    entries: Iterable[Entry], arrivals: Mapping[str, Arrival], rule: CountingRule
) -> tuple[Entry, ...]:
    """Return the entries ranked, with their teams, in order of arrival among equals.

    Args:
        entries: In any order.
        arrivals: What is known of them.
        rule: Which of a team's entries counts: ``every`` one, the ``best`` (the earliest of equals)
            the ``last`` that came in, or the one its team has ``chosen`` (the last of several, and
            without a choice the last of all). The others stand after the ranking, without a rank.
            Baselines always count.

    Raises:
        ArrivalsError: A team's last entry counts, and one of its several has no time.
    """
    known = sorted(
        (_with_arrival(entry, arrivals.get(entry.submission)) for entry in entries),
        key=lambda entry: (not entry.received_at, entry.received_at, entry.submission),
    )
    wanted = {name for name, arrival in arrivals.items() if arrival.chosen}
    chosen = _counting(known, rule, wanted)
    counted = [msgspec.structs.replace(e, counted=True) for e in known if e.submission in chosen]
    others = [
        msgspec.structs.replace(e, counted=False) for e in known if e.submission not in chosen
    ]
    unranked = [msgspec.structs.replace(entry, rank=None) for entry in rank_entries(others)]
    ranking = rank_entries(counted)
    return (
        *(entry for entry in ranking if entry.rank is not None),
        *unranked,
        *(entry for entry in ranking if entry.rank is None),
    )


def _deserves_rank(entry: Entry) -> bool:
    return entry.score is not None and entry.answered


def _with_arrival(entry: Entry, arrival: Arrival | None) -> Entry:
    if arrival is None:
        return entry
    received = arrival.received_at
    utc = "" if received is None else received.astimezone(datetime.UTC).isoformat()
    return msgspec.structs.replace(
        entry,
        team=legible(arrival.team),
        received_at=utc.replace("+00:00", "Z"),
        baseline=arrival.baseline,
    )


def _merit(entry: Entry) -> tuple[bool, bool, float]:
    """Return what a team's best entry has most of: a rank, a score at all, the score."""
    return _deserves_rank(entry), entry.score is not None, entry.score or 0.0


def _counting(entries: Sequence[Entry], rule: CountingRule, wanted: Collection[str]) -> set[str]:
    """Return the names of the entries that count, of entries in order of arrival.

    ``wanted`` has the names of those that teams have chosen.
    """
    chosen: set[str] = set()
    teams: dict[str, list[Entry]] = {}
    for entry in entries:
        if rule == "every" or entry.baseline or not entry.team:
            chosen.add(entry.submission)
        else:
            teams.setdefault(entry.team, []).append(entry)
    for team, own in teams.items():
        if rule == "best":
            chosen.add(max(own, key=_merit).submission)
            continue
        if rule == "chosen":
            own = [entry for entry in own if entry.submission in wanted] or own
        if len(own) > 1 and (timeless := [e.submission for e in own if not e.received_at]):
            raise ArrivalsError(
                f"the last entry of a team counts in this phase, and submissions.csv does not say "
                f"when {', '.join(timeless)} of team '{team}' arrived; add received_at"
            )
        chosen.add(own[-1].submission)
    return chosen

"""Where the platform's ranking differs from the one made here, and why.

    pull.json (posted columns, order there) + leaderboard.json (scores and ranks here) ──▶ rows

The ranking here counts: there the submission ran beside the recorder, and its time was the
platform's. A row says in one sentence what the two know of a submission.
"""

from __future__ import annotations

from dataclasses import dataclass

from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.organiser.platforms.home.pulled import Pulled, PulledSubmission
from zcnas.phases import Phase
from zcnas.words.feedback import FEEDBACK

STORED_DECIMALS = 10
"""Of a score on the platform."""
UNRANKED = -1.0
"""What is posted in every column for a submission of which no query was answered."""
NO_RESULTS = "this phase posts no results"


@dataclass(frozen=True)
class Row:
    """A submission in both rankings.

    Attributes:
        submission: Its name here.
        team: Who handed it in.
        rank_there: Its place on the platform's leaderboard; None if it is not on it.
        rank_here: Its rank here; None without one.
        score_there: The posted score; None if none was posted.
        score_here: The score here, to all digits; None without one.
        why: What explains a difference; empty where there is none.
    """

    submission: str
    team: str
    rank_there: int | None
    rank_here: int | None
    score_there: float | None
    score_here: float | None
    why: str


def compare(pulled: Pulled, board: Leaderboard, phase: Phase) -> list[Row]:
    """Return a row for every submission that is still on the platform, in the order here."""
    entries = {entry.submission: entry for entry in board.entries}
    order = {entry.submission: place for place, entry in enumerate(board.entries)}
    there = {number: place for place, number in enumerate(pulled.ranking, start=1)}
    rows = []
    for each in pulled.submissions:
        if each.deleted:
            continue
        entry = entries.get(each.name)
        posts = phase.feedback != "none"
        rows.append(
            Row(
                submission=each.name,
                team=each.team,
                rank_there=there.get(each.id) if posts else None,
                rank_here=entry.rank if entry else None,
                score_there=each.posted.get("score") if posts else None,
                score_here=entry.score if entry else None,
                why=_why(each, entry, there.get(each.id), phase) if posts else "",
            )
        )
    return _explain_ranks(sorted(rows, key=lambda row: order.get(row.submission, len(order))))


def _why(
    submission: PulledSubmission, entry: Entry | None, rank_there: int | None, phase: Phase
) -> str:
    """Return why a submission's score differs, or why only one side ranks it."""
    if entry is None:
        failed = submission.status == "Failed"
        return f"failed there: {submission.details}" if failed else "not scored here"
    if entry.score is None:
        return f"not scored here: {entry.message}"
    if not submission.posted:
        return f"{submission.status} there, without a score"
    if reason := _why_score(submission.posted, entry, phase):
        return reason
    if rank_there is None and entry.rank is not None:
        return "not on the leaderboard there: its rule or its owner left it out"
    if rank_there is not None and not entry.counted:
        return f"does not count here: of a team's entries, the {phase.counts} one does"
    return ""


def _why_score(posted: dict[str, float], entry: Entry, phase: Phase) -> str:
    """Return why posted columns are not those of the entry; empty if they are."""
    decimals = FEEDBACK[phase.feedback].tau_decimals
    digits = STORED_DECIMALS if decimals is None else min(decimals, STORED_DECIMALS)
    here = {"score": entry.score, **entry.kendall_tau}
    expected = {
        key: round(value, digits) if entry.answered else UNRANKED
        for key, value in here.items()
        if value is not None
    }
    lacking = [key for key in expected if key not in posted]
    if lacking:
        return f"columns missing there: {', '.join(lacking)}"
    margin = 0.5 * 10.0**-STORED_DECIMALS
    differing = [key for key, value in expected.items() if abs(posted[key] - value) > margin]
    if not differing:
        return ""
    failed_here = sum(entry.failures.values())
    failed_there = posted.get("failed")
    if failed_there is not None and failed_there not in (UNRANKED, failed_here):
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(entry.failures.items()))
        doubt = (
            "; fewer there: its posted score may be forged" if failed_there < failed_here else ""
        )
        return (
            f"{failed_there:.0f} architectures failed there, {failed_here} here"
            f"{f' ({kinds})' if kinds else ''}{doubt}"
        )
    if failed_there == UNRANKED:
        return "no query was answered there"
    benchmark = next((key for key in differing if key != "score"), "score")
    return (
        f"{benchmark} is {posted[benchmark]:.{digits}g} there and {expected[benchmark]:.{digits}g} "
        "here with the same failures: another draw or program ran there, or the score is forged"
    )


def _explain_ranks(rows: list[Row]) -> list[Row]:
    """Give rows whose rank alone differs the reason that the others' differences leave."""
    moved = any(row.why for row in rows)
    explained = []
    for row in rows:
        both = row.rank_there is not None and row.rank_here is not None
        if both and row.rank_there != row.rank_here and not row.why:
            why = (
                "the same score; others moved"
                if moved
                else "the same score; ties share a rank here, and further columns break them there"
            )
            row = Row(**{**vars(row), "why": why})
        explained.append(row)
    return explained

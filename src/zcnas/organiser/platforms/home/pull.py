"""Fetches the submissions of a phase into a folder, again and again without asking twice."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from zcnas.errors import PlatformError, ResultsError
from zcnas.organiser.platforms.home.answers import CompetitionAnswer, SubmissionAnswer
from zcnas.organiser.platforms.home.api import Codabench
from zcnas.organiser.platforms.home.pulled import (
    PULL_FILE,
    Pulled,
    PulledSubmission,
    count_by_phase_and_team,
    file_of,
    read_pulled,
    store,
)
from zcnas.phases import Phase
from zcnas.submissions import MAX_BYTES

OVER = ("Finished", "Failed")
"""The statuses of submissions that are fetched; a cancelled one is its owner's wish."""
CANCELLED = "Cancelled"


def pull(
    site: Codabench,
    number: int,
    phase: Phase,
    out: Path,
    tell: Callable[[int, int], None],
) -> Pulled:
    """Bring ``out`` up to date with a phase on the platform, and return what is there.

    A file that is here already is not fetched again. What was deleted on the platform since, even
    between the list and the file, is marked and set aside.

    Args:
        site: The platform.
        number: The competition's.
        phase: The phase here; there it has the same title.
        out: A new folder, or one of an earlier or interrupted pull of the same phase.
        tell: Called with the number of files that are here, and that there will be.

    Raises:
        PlatformError: The site refuses, cannot be reached, or has no such phase.
        ResultsError: ``out`` belongs to another competition or phase, or is damaged.
    """
    competition = site.competition(number)
    phase_id = _phase_id(competition, phase)
    earlier = _earlier(out, site.site, number, phase.name)
    listed = site.submissions(phase_id)
    pulled = Pulled(
        site=site.site,
        competition=number,
        title=competition.title,
        phase=phase.name,
        phase_id=phase_id,
        pulled_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        ranking=tuple(site.ranking(phase_id)),
        submissions=_merged(listed, earlier),
        unfinished=sum(each.status not in (*OVER, CANCELLED) for each in listed),
        failed_runs=count_by_phase_and_team(
            (each.phase_name, each.owner) for each in site.failed(number) if each.parent is None
        ),
    )
    store(out, pulled)
    for position, each in enumerate(pulled.submissions):
        tell(position, len(pulled.submissions))
        if each.deleted or _is_here(out, each):
            continue
        pulled = _with(pulled, position, _fetched(site, out, each))
        store(out, pulled)
    tell(len(pulled.submissions), len(pulled.submissions))
    pulled = msgspec.structs.replace(pulled, complete=True)
    store(out, pulled)
    return pulled


def _phase_id(competition: CompetitionAnswer, phase: Phase) -> int:
    wanted = {phase.title.casefold(), phase.name.casefold()}
    found = [each.id for each in competition.phases if each.name.casefold() in wanted]
    if len(found) != 1:
        names = ", ".join(f"'{each.name}'" for each in competition.phases)
        raise PlatformError(
            f"competition {competition.id} has {len(found)} phases called '{phase.title}', the "
            f"title of phase '{phase.name}' here; its phases: {names}"
        )
    return found[0]


def _earlier(out: Path, site: str, number: int, phase: str) -> dict[int, PulledSubmission]:
    """Return what an earlier pull left, by number; nothing in a new folder."""
    if not (out / PULL_FILE).is_file():
        if out.is_dir() and any(out.iterdir()):
            raise ResultsError(f"{out} is neither empty nor a pulled phase; choose another --out")
        return {}
    known = read_pulled(out)
    if (known.site, known.competition, known.phase) != (site, number, phase):
        raise ResultsError(
            f"{out} holds phase {known.phase} of competition {known.competition} on {known.site}; "
            "choose another --out"
        )
    return {each.id: each for each in known.submissions}


def _merged(
    listed: list[SubmissionAnswer], earlier: dict[int, PulledSubmission]
) -> tuple[PulledSubmission, ...]:
    """Return all submissions that are over, those that have gone since marked as deleted."""
    found = {}
    for each in listed:
        if each.status not in OVER or each.parent is not None or each.is_specific_task_re_run:
            continue
        before = earlier.get(each.id)
        found[each.id] = PulledSubmission(
            id=each.id,
            team=each.owner,
            received_at=each.created_when,
            status=each.status,
            details=each.status_details or "",
            posted={score.column_key: score.score for score in each.scores},
            sha256=before.sha256 if before else "",
            deleted=each.is_soft_deleted,
        )
    for number, before in earlier.items():
        if number not in found:
            found[number] = msgspec.structs.replace(before, deleted=True)
    return tuple(found[number] for number in sorted(found))


def _is_here(out: Path, submission: PulledSubmission) -> bool:
    path = file_of(out, submission)
    return bool(submission.sha256) and path.is_file() and _sha256(path) == submission.sha256


def _fetched(site: Codabench, out: Path, submission: PulledSubmission) -> PulledSubmission:
    """Fetch a file; one byte more than intake accepts is enough of one that is too large."""
    target = file_of(out, submission)
    target.parent.mkdir(parents=True, exist_ok=True)
    address = site.address_of(submission.id)
    if address is None or not site.fetch(address, target, MAX_BYTES + 1):
        return msgspec.structs.replace(submission, deleted=True)
    return msgspec.structs.replace(submission, sha256=_sha256(target))


def _with(pulled: Pulled, position: int, submission: PulledSubmission) -> Pulled:
    changed = list(pulled.submissions)
    changed[position] = submission
    return msgspec.structs.replace(pulled, submissions=tuple(changed))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Asking a submission's ``combine`` for one score of each answer, knowing all of them.

A worker of its own is started for it: a new instance after ``set_ss_type`` and ``pre_process``,
without networks, images, ids or the order of the draw. No accuracy is anywhere near.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence

from zcnas.ingestion.exchanges import Allowance
from zcnas.ingestion.job import IngestionJob
from zcnas.ingestion.logs import CappedLog
from zcnas.ingestion.session import Session
from zcnas.isolation import Isolation
from zcnas.words.combined import CombineOutcome, combine_seed
from zcnas.words.records import Parts, Status, encode_score
from zcnas.worker.channel import NONCE_BYTES, SCORE_BYTES, Combine

HEADING = "combine"


def combine(
    job: IngestionJob,
    answers: Sequence[Parts],
    isolation: Isolation,
    add_log: Callable[[str], None],
) -> CombineOutcome:
    """Return what a submission's ``combine`` makes of answers.

    Args:
        job: The submission on a benchmark; its architectures are not looked at.
        answers: Named numbers of each architecture.
        isolation: Where the worker runs.
        add_log: Takes what the participant prints.

    Raises:
        OrganiserError: This machine failed.
        OSError: The log could not be kept.
    """
    with contextlib.closing(CappedLog(add_log, job.limits.log_kb * 1024)) as log:
        outcome = _ask(job, answers, isolation, log)[0]
        log.raise_failure()
    return outcome


def _ask(
    job: IngestionJob, answers: Sequence[Parts], isolation: Isolation, log: CappedLog
) -> tuple[CombineOutcome, float]:
    """Return what becomes of a call, and the CPU seconds of all workers it took."""
    if job.remaining_s() <= 0:
        message = "the time of the whole run was used up before"
        return CombineOutcome(status="not_reached", message=message), 0.0
    allowance = Allowance(job.limits.combine_cpu_s, job.limits.combine_wall_s)

    def probe(canary: IngestionJob) -> tuple[Status, str, float]:
        seen, used = _ask(canary, answers, isolation, log)
        return seen.status, seen.message, used

    with contextlib.closing(Session(job, isolation, log, "combine", allowance)) as session:
        outcome = session.ask(lambda: _ask_once(session, job, answers, log), probe)
        return outcome, session.cpu_time_s()


def _ask_once(
    session: Session, job: IngestionJob, answers: Sequence[Parts], log: CappedLog
) -> CombineOutcome:
    if not session.is_ready():
        return CombineOutcome(status=session.setup_status, message=session.setup_message)
    log.begin(HEADING)
    numbers = tuple({name: float(each[name]) for name in each} for each in answers)
    request = Combine(os.urandom(NONCE_BYTES), combine_seed(job.data), numbers)
    seen = session.exchange(request.nonce, request.encode(), SCORE_BYTES * len(answers))
    scores, status, message = seen.answer.scores, seen.status, seen.message
    if status == "ok" and len(scores) != len(answers):  # the worker's own check has been replaced
        status, message = "invalid", f"{len(scores)} scores for {len(answers)} answers"
    return CombineOutcome(
        status=status,
        scores=tuple(map(encode_score, scores)) if status == "ok" else (),
        message=message,
        wall_time_s=seen.wall_time_s,
        cpu_time_s=seen.cpu_time_s,
        peak_memory_mb=seen.peak_memory_mb,
    )

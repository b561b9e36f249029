"""What an organiser decides about attempts: each a change of the database that a server follows.

A server that is running sees it at its next look; one that is not, when it is started.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from zcnas.errors import ServingError
from zcnas.organiser.serving.attempts import Attempt, State
from zcnas.organiser.serving.store import Store

FROM: Mapping[str, tuple[State, ...]] = {
    "cancel": ("waiting", "running"),
    "requeue": ("failed", "cancelled"),
    "disqualify": ("waiting", "running", "scored", "failed"),
    "reinstate": ("disqualified",),
    "rerun": ("scored",),
    "choose": ("waiting", "running", "scored"),
}
"""In which states an attempt must be for a decision."""


def cancel(store: Store, number: int) -> Attempt:
    """Take an attempt out of the queue, or stop it; it counts against no quota.

    Raises:
        ServingError: There is no such attempt, or it neither waits nor runs.
    """
    return _decide(store, "cancel", number, "cancelled")


def requeue(store: Store, number: int) -> Attempt:
    """Put an attempt that failed on our side, or was cancelled, back; it resumes where it ended.

    Raises:
        ServingError: There is no such attempt, or it is neither.
    """
    with store.transaction():
        attempt = _allowed(store, "requeue", number)
        store.reopen_run(attempt)
        store.set_state(number, "waiting")
    return attempt


def disqualify(store: Store, number: int, why: str) -> Attempt:
    """Take an attempt off the board, and tell its team why; its runs are kept.

    Raises:
        ServingError: There is no such attempt, it was never accepted, or there is no reason.
    """
    if not why.strip():
        raise ServingError("a team is told why it is disqualified; give the reason with --why")
    return _decide(store, "disqualify", number, "disqualified", why.strip())


def reinstate(store: Store, number: int) -> Attempt:
    """Undo a disqualification: on the board if it has been run, otherwise back in the queue.

    Raises:
        ServingError: There is no such attempt, or it is not disqualified.
    """
    done = any(run.ended_at and not run.fault for run in store.runs(number))
    return _decide(store, "reinstate", number, "scored" if done else "waiting", "")


def rerun(store: Store, number: int) -> Attempt:
    """Run a scored attempt once more, from scratch; the earlier run is kept, the later counts.

    Raises:
        ServingError: There is no such attempt, or it is not scored.
    """
    return _decide(store, "rerun", number, "waiting")


def choose(store: Store, number: int) -> Attempt:
    """Have an attempt count for its team, where its phase counts what is chosen.

    Raises:
        ServingError: There is no such attempt, or it cannot count.
    """
    with store.transaction():
        attempt = _allowed(store, "choose", number)
        store.choose(number, "", datetime.datetime.now(datetime.UTC))
    return attempt


def rerun_all(store: Store, phase: str) -> list[Attempt]:
    """Run every attempt of a phase that was run, or was to be, from scratch; return them.

    A new generation begins: its board is made from new runs alone, so programs or data may differ
    from before. The earlier runs and the earlier board are kept; what runs now is stopped.

    Raises:
        ServingError: Nothing of the phase was run.
    """
    with store.transaction():
        attempts = store.attempts("scored", "running", "failed", phase=phase)
        if not attempts:
            raise ServingError(f"phase '{phase}' has no attempt to run again")
        store.next_generation(phase)
        for attempt in attempts:
            store.set_state(attempt.number, "waiting")
    return attempts


def _decide(
    store: Store, decision: str, number: int, state: State, note: str | None = None
) -> Attempt:
    with store.transaction():
        attempt = _allowed(store, decision, number)
        store.set_state(number, state, note)
    return attempt


def _allowed(store: Store, decision: str, number: int) -> Attempt:
    """Return an attempt that is in a state for a decision."""
    attempt = store.attempt(number)
    if attempt.state not in FROM[decision]:
        allowed = " or ".join(FROM[decision])
        raise ServingError(
            f"attempt {number} is {attempt.state}; {decision} needs one that is {allowed}"
        )
    return attempt

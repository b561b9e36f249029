"""How fast a run's CPUs are: calibrations at its start, every ten minutes, and at its end.

A CPU's first worker computes a fixed piece of work before it loads a submission; later ones, and
workers of our own started for it, repeat that. What a submission runs in is never asked: it could
claim anything. With about 50 ms per CPU at the start, and an own worker's start-up of some 3 s no
more often than every five minutes, all of it stays below one percent of a run's time.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import threading
import time
from collections.abc import Callable

from zcnas.errors import OrganiserError
from zcnas.ingestion.conversation import Conversation, plausible
from zcnas.isolation import Isolation, WorkerPlace
from zcnas.words.hygiene import Calibration
from zcnas.worker.channel import HELLO_NONCE, NONCE_BYTES, Calibrate

EVERY_S = 600.0
"""Seconds after which a CPU is calibrated again in the middle of a job."""
AGE_AT_END_S = 300.0
"""Seconds after which it is at the start or end of a job: a hundred times what that takes."""
REPETITIONS = 9
FIRST_REPETITIONS = 99
"""Of the calibration that a whole run's limits depend on."""
START_LIMIT_S = 120
ANSWER_LIMIT_S = 60


class Gauge:
    """The calibrations of one run on one machine; several jobs share it.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: dict[int, list[tuple[float, Calibration]]] = {}
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the present moment, for ``since``."""
        return self._clock()

    def is_due(self, cpu: int, age_s: float) -> bool:
        """Return whether a CPU's last calibration is older than that, or missing."""
        with self._lock:
            taken = self._taken.get(cpu)
        return not taken or self._clock() - taken[-1][0] >= age_s

    def take(self, cpu: int, conversation: Conversation, repetitions: int = REPETITIONS) -> None:
        """Have a worker that has not loaded any submission calibrate its CPU.

        Raises:
            OrganiserError: It does not answer, or the run is interrupted.
        """
        request = Calibrate(os.urandom(NONCE_BYTES), repetitions)
        answer = conversation.exchange(request.nonce, request.encode(), ANSWER_LIMIT_S)
        if answer.status != "ok":
            raise OrganiserError(
                f"the worker did not calibrate CPU {cpu} ({answer.message}); nothing of the "
                "submission had been loaded. See `zcnas doctor`"
            )
        if (taken_s := plausible(answer.score)) > 0:
            self.note(cpu, taken_s)

    def take_apart(
        self, place: WorkerPlace, isolation: Isolation, conversation: Conversation
    ) -> None:
        """Calibrate a CPU in a worker of our own, beside one that has loaded a submission.

        A calibration that fails is left out; if the machine is at fault, the next query says so.
        """
        with contextlib.suppress(OrganiserError):
            conversation.begin(isolation.start(place))
            try:
                if conversation.exchange(HELLO_NONCE, None, START_LIMIT_S).status == "ok":
                    self.take(place.cpu, conversation)
            finally:
                conversation.stop()

    def note(self, cpu: int, piece_s: float) -> None:
        """Keep a calibration taken now."""
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        with self._lock:
            self._taken.setdefault(cpu, []).append(
                (self._clock(), Calibration(at=at, cpu=cpu, piece_s=piece_s))
            )

    def taken(self, cpu: int, since: float) -> tuple[Calibration, ...]:
        """Return the last calibration of a CPU before a moment and all since, the oldest first."""
        with self._lock:
            taken = list(self._taken.get(cpu, ()))
        first = max((n for n, (moment, _) in enumerate(taken) if moment <= since), default=0)
        return tuple(each for _, each in taken[first:])

    def factor(self, cpu: int) -> float:
        """Return how many CPU seconds a reference second is on a CPU, for the whole run.

        From the first calibration there, so that limits do not change under way; 1 before it.
        """
        with self._lock:
            taken = self._taken.get(cpu)
        return taken[0][1].factor if taken else 1.0

"""When to give a run up: after the same failure again and again, or at the first one if asked to.

The participant is asked at a terminal; elsewhere a run continues, because nobody is there to ask.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter

import typer
from rich.console import Console

from zcnas.organiser.cli.progress import Watch
from zcnas.organiser.competition.parts import Progress
from zcnas.participant.failures import Failure
from zcnas.words.records import Prediction

EQUAL_FAILURES = 5


class Patience:
    """Counts the failures of a run and ends it, as Ctrl-C would, when it is not worth going on.

    Args:
        console: Where to ask.
        fail_fast: End the run at its first failure.

    Attributes:
        ended: Whether it has ended the run.
    """

    def __init__(self, console: Console, *, fail_fast: bool) -> None:
        self.ended = False
        self._console = console
        self._fail_fast = fail_fast
        self._asks = console.is_terminal and sys.stdin.isatty()
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def over(self, watch: Watch) -> Progress:
        """Return what shows a run's progress and counts its failures."""

        def advance(submission: str, benchmark: str, prediction: Prediction | None) -> None:
            watch.advance(submission, benchmark, prediction)
            if prediction is not None and prediction.status != "ok":
                self._count(
                    Failure(benchmark, prediction.id, prediction.status, prediction.message), watch
                )

        return advance

    def _count(self, failure: Failure, watch: Watch) -> None:
        with self._lock:
            self._seen[failure.kind] += 1
            if self.ended:
                return
            if self._fail_fast:
                self._end()
            elif self._asks and self._seen[failure.kind] == EQUAL_FAILURES:
                with watch.paused():
                    text = f"{EQUAL_FAILURES} equal failures: {failure.status}: {failure.message}"
                    self._console.print(text, style="red", markup=False, soft_wrap=True)
                    if not typer.confirm("Continue?", default=False):
                        self._end()

    def _end(self) -> None:
        self.ended = True
        os.kill(os.getpid(), signal.SIGINT)

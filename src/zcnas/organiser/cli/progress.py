"""A run while it runs: bars where there is a terminal, lines where there is none."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from zcnas.hosted.regular_files import read_regular
from zcnas.words.records import Prediction
from zcnas.words.result_files import RUN_RECORD

MAX_ROWS = 12
"""Submissions shown at once; beyond that, those that are done make room."""
LINE_INTERVAL_S = 60.0
"""Seconds between two lines of the whole run where there is no terminal."""
STEP_LINE_INTERVAL_S = 30.0
"""Seconds between two lines of an emulated step where there is no terminal."""
_READ_AT_MOST = 64 << 20
_ANSWER = b'"type":"answer"'


class Watch(Protocol):
    """Shows a run; entered when it begins."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Show the end."""
        ...

    def advance(self, submission: str, benchmark: str, prediction: Prediction | None) -> None:
        """Show that a benchmark began (no prediction), or that one more architecture is done."""
        ...

    def waiting(self, text: str) -> None:
        """Show what a job waits for, once; "" when it waits no longer."""
        ...

    def paused(self) -> AbstractContextManager[None]:
        """Leave the terminal to somebody else while this is entered."""
        ...


def watch_run(console: Console, names: list[str], total: int) -> Watch:
    """Return what shows a run on this console.

    Args:
        console: Where to.
        names: The submissions.
        total: Architectures of one submission, all benchmarks together.
    """
    return (Bars if console.is_terminal else Lines)(console, names, total)


class Bars:
    """A bar for the whole run with its rate and time left, and one per submission under way."""

    def __init__(self, console: Console, names: list[str], total: int) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[name]}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TextColumn("{task.fields[state]}", markup=False),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._lock = threading.Lock()
        self._failed: Counter[str] = Counter()
        self._said: set[str] = set()
        self._total = total
        self._tasks: dict[str, TaskID] = {}
        self._many = len(names) > MAX_ROWS
        self._all = self._progress.add_task(
            "", total=total * len(names), name="all", state=f"{len(names)} submissions"
        )
        if not self._many:
            for name in names:
                self._task(name)

    def __enter__(self) -> Self:
        """Begin to show."""
        self._progress.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last state on the terminal."""
        self._progress.__exit__(kind, error, trace)

    def advance(self, submission: str, benchmark: str, prediction: Prediction | None) -> None:
        """Show that a benchmark began, or that one more architecture is done."""
        with self._lock:
            task = self._task(submission)
            if prediction is None:
                self._progress.start_task(task)
            else:
                self._failed[submission] += prediction.status != "ok"
                self._progress.advance(self._all)
            failed = self._failed[submission]
            state = f"{benchmark}, {failed} failed" if failed else benchmark
            self._progress.update(task, state=state, advance=0 if prediction is None else 1)
            if self._many and self._progress.tasks[task].finished:
                self._progress.update(task, visible=False)

    def waiting(self, text: str) -> None:
        """Print what a job waits for above the bars."""
        with self._lock:
            if text and text not in self._said:
                self._said.add(text)
                self._progress.console.print(text, style="yellow", markup=False, soft_wrap=True)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Take the bars away for a while."""
        self._progress.stop()
        try:
            yield
        finally:
            self._progress.start()

    def _task(self, name: str) -> TaskID:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(
                "", total=self._total, name=name, state="waiting", start=False
            )
        return self._tasks[name]


class _Rate(ProgressColumn):
    """Architectures per minute, lately."""

    def render(self, task: Task) -> Text:
        """Return the rate, or nothing while there is none."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{60 * speed:.0f}/min", style="progress.data.speed")


class Lines:
    """A line when a submission begins and ends, and one for the whole run every minute."""

    def __init__(self, console: Console, names: list[str], total: int) -> None:
        self._console = console
        self._total = total
        self._names = names
        self._lock = threading.Lock()
        self._done: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._begun: set[str] = set()
        self._said: set[str] = set()
        self._pace = _Pace()
        self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        """Begin to show."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say how far the run came."""
        self._say(self._state(ended=True))

    def advance(self, submission: str, benchmark: str, prediction: Prediction | None) -> None:
        """Say that a submission began or ended, and now and then where the run is."""
        with self._lock:
            if prediction is None:
                if submission not in self._begun:
                    self._begun.add(submission)
                    self._say(f"{submission}: started")
                return
            self._done[submission] += 1
            self._pace.answered()
            self._failed[submission] += prediction.status != "ok"
            if self._done[submission] == self._total:
                failed = self._failed[submission]
                self._say(f"{submission}: done, {failed} of {self._total} architectures failed")
            if time.monotonic() - self._last_line > LINE_INTERVAL_S:
                self._last_line = time.monotonic()
                self._say(self._state())

    def waiting(self, text: str) -> None:
        """Print what a job waits for, and count no time in which all of them wait."""
        with self._lock:
            if not text:
                self._pace.waits_no_longer()
                return
            self._pace.waits()
            if text not in self._said:
                self._said.add(text)
                self._say(text)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Print nothing for a while."""
        with self._lock:
            yield

    def _state(self, ended: bool = False) -> str:
        done, total = self._done.total(), self._total * len(self._names)
        rate = done / self._pace.worked_s()
        known = 0 < done < total and not ended
        left = f", about {(total - done) / rate / 60:.0f} min left" if known else ""
        return f"{done} of {total} architectures, {60 * rate:.0f}/min{left}"

    def _say(self, text: str) -> None:
        stamp = time.strftime("%H:%M:%S")
        self._console.print(f"{stamp} {text}", markup=False, highlight=False, soft_wrap=True)


class _Pace:
    """The time that went into answers, without that in which every job waited.

    A wait counts from the last answer on: while answers come, other jobs are at work.
    """

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._idle_s = 0.0
        self._waits = 0
        self._idle_since = 0.0

    def waits(self) -> None:
        """Note that one more job waits."""
        if not self._waits:
            self._idle_since = time.monotonic()
        self._waits += 1

    def waits_no_longer(self) -> None:
        """Note that a job that waited is at work."""
        self._idle_s += self._idle_now_s()
        self._idle_since = time.monotonic()
        self._waits -= 1

    def answered(self) -> None:
        """Note that some job is at work."""
        self._idle_since = time.monotonic()

    def worked_s(self) -> float:
        """Return the seconds so far, always more than none."""
        return max(time.monotonic() - self._start - self._idle_s - self._idle_now_s(), 1e-9)

    def _idle_now_s(self) -> float:
        return time.monotonic() - self._idle_since if self._waits else 0.0


@contextlib.contextmanager
def watch_steps(console: Console) -> Iterator[Callable[[str, Path], None]]:
    """Yield what an emulated platform tells of its steps: their names and their output folder."""
    start = last = time.monotonic()
    name = ""
    with console.status("unpacking") as status:

        def tell(step: str, output: Path) -> None:
            nonlocal start, last, name
            now = time.monotonic()
            if fresh := step != name:
                name, start = step, now
            answers = _answers_in(output)
            text = f"{step}: {now - start:.0f} s" + (f", {answers} answers" if answers else "")
            if console.is_terminal:
                status.update(text)
            elif fresh or now - last > STEP_LINE_INTERVAL_S:
                last = now
                stamp = time.strftime("%H:%M:%S")
                console.print(f"{stamp} {text}", markup=False, highlight=False, soft_wrap=True)

        yield tell


def _answers_in(output: Path) -> int:
    """Return how many answers an ingestion has recorded so far."""
    record = read_regular(output / RUN_RECORD, _READ_AT_MOST)
    return 0 if record is None else record.count(_ANSWER)

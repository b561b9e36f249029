"""A predictions file that grows line by line and survives whatever ends the process.

One line per architecture, appended whole. After a kill at any moment the file holds every line that
was written, and at most one torn line at its end, which is cut off before the next is appended.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import msgspec

from zcnas.errors import OrganiserError, ResultsError
from zcnas.phases import Limits
from zcnas.records import BenchmarkInput, Prediction, read_predictions

SYNC_INTERVAL_S = 1.0
"""Seconds between two calls that have the disk itself written; lines younger than that may be lost
to a power cut, never to a killed process."""


class PredictionsFile:
    """The predictions of one submission on one benchmark.

    Opening it reads what is there and cuts off a torn last line. Appending is safe from several
    threads.

    Args:
        path: ``<benchmark>.predictions.jsonl``.
        data: The benchmark.

    Raises:
        ResultsError: A line is malformed, there twice, or of an architecture the benchmark has not.
    """

    def __init__(self, path: Path, data: BenchmarkInput) -> None:
        self._path = path
        self._order = {entry.id: place for place, entry in enumerate(data.architectures)}
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._synced = 0.0
        self._used: dict[str, tuple[float, float]] = {}
        self._earlier: list[Prediction] = []
        if path.is_file():
            _cut_torn_line(path)
            for prediction in read_predictions(path):
                if prediction.id not in self._order:
                    raise ResultsError(
                        f"{path} holds {prediction.id}, which {data.benchmark} does not have; "
                        "name another OUT=, or score everything anew with ANEW=yes"
                    )
                self._remember(prediction)
                self._earlier.append(prediction)

    def __contains__(self, architecture: str) -> bool:
        """Return whether an architecture is done."""
        return architecture in self._used

    def __len__(self) -> int:
        """Return how many architectures are done."""
        return len(self._used)

    @property
    def complete(self) -> bool:
        """Whether every architecture is done."""
        return len(self._used) == len(self._order)

    def take_earlier(self) -> list[Prediction]:
        """Return what the file held when it was opened, and forget it."""
        earlier, self._earlier = self._earlier, []
        return earlier

    def used_before(self, architecture: str) -> tuple[float, float]:
        """Return the CPU and wall seconds of the queries that the draw has before this one."""
        place = self._order[architecture]
        with self._lock:
            before = [used for token, used in self._used.items() if self._order[token] < place]
        return sum(cpu for cpu, _ in before), sum(wall for _, wall in before)

    def append(self, prediction: Prediction) -> bool:
        """Append a line; return False and do nothing if its architecture is done already.

        Raises:
            OrganiserError: The disk does not take it; the file is as it was before.
        """
        line = msgspec.json.encode(prediction) + b"\n"
        with self._lock:
            if prediction.id in self._used:
                return False
            try:
                self._write(line)
            except OSError as error:
                raise OrganiserError(
                    f"cannot write to {self._path}: {error.strerror}; make room, then start the "
                    f"run again to go on"
                ) from None
            self._remember(prediction)
        return True

    def close(self) -> None:
        """Have the disk written, and close the file; appending opens it again."""
        with self._lock:
            if self._descriptor is not None:
                descriptor, self._descriptor = self._descriptor, None
                try:
                    os.fdatasync(descriptor)
                finally:
                    os.close(descriptor)

    def finish(self, limits: Limits) -> None:
        """Bring a complete file into the order of the draw and under the benchmark's time limit.

        Shards share the benchmark's time, and what one of them has used the others cannot know
        while they run. So architectures whose predecessors in the draw have used it up are
        ``not_reached`` here, as they would have been one after the other.

        Raises:
            OSError: The disk is full; the file is as it was before.
        """
        self.close()
        predictions = read_predictions(self._path)
        ordered = sorted(predictions, key=lambda prediction: self._order[prediction.id])
        cpu = wall = 0.0
        judged = []
        for prediction in ordered:
            if cpu > limits.benchmark_cpu_s or wall > limits.benchmark_wall_s:
                message = used_up(limits)
                judged.append(Prediction(id=prediction.id, status="not_reached", message=message))
            else:
                judged.append(prediction)
            cpu += prediction.cpu_time_s
            wall += prediction.wall_time_s
        if judged != predictions:
            partial = self._path.with_name(self._path.name + ".partial")
            with partial.open("wb") as file:
                file.writelines(msgspec.json.encode(prediction) + b"\n" for prediction in judged)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)

    def _remember(self, prediction: Prediction) -> None:
        self._used[prediction.id] = (prediction.cpu_time_s, prediction.wall_time_s)

    def _write(self, line: bytes) -> None:
        if self._descriptor is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o644)
        before = os.fstat(self._descriptor).st_size
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            if time.monotonic() - self._synced > SYNC_INTERVAL_S:
                os.fdatasync(self._descriptor)
                self._synced = time.monotonic()
        except OSError:
            os.ftruncate(self._descriptor, before)
            raise


def used_up(limits: Limits) -> str:
    """Return the message of an architecture the benchmark's time did not reach."""
    return f"the benchmark's {limits.benchmark_cpu_s} s of CPU time were used up before"


def _cut_torn_line(path: Path) -> None:
    """Cut off what stands behind the last newline: a line that a dying process did not finish."""
    with path.open("r+b") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)

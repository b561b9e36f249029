"""The predictions file of one submission on one benchmark: what is special about its lines.

They are brought into the order of the draw at the end, and under the benchmark's time limit.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

from zcnas.errors import ResultsError
from zcnas.jobs import LinesFile
from zcnas.phases import Limits
from zcnas.words.records import Prediction, read_predictions


class PredictionsFile:
    """The predictions of one submission on one benchmark.

    Args:
        path: The predictions file, which need not exist.
        benchmark: The benchmark.
        order: The ids of its architectures, in the order of the draw.

    Raises:
        ResultsError: A line is malformed, duplicated, or of an architecture that the benchmark does
            not have.
    """

    def __init__(self, path: Path, benchmark: str, order: Iterable[str]) -> None:
        self._order = {token: place for place, token in enumerate(order)}
        self._lines = LinesFile(path, lambda prediction: prediction.id, read_predictions)
        self._used: dict[str, tuple[float, float]] = {}
        self._earlier = self._lines.take_earlier()
        for prediction in self._earlier:
            if prediction.id not in self._order:
                raise ResultsError(
                    f"{path} holds {prediction.id}, which {benchmark} does not have; "
                    "name another --out, or score everything from scratch with --anew"
                )
            self._remember(prediction)

    def __contains__(self, architecture: str) -> bool:
        """Return whether an architecture is done."""
        return architecture in self._lines

    def __len__(self) -> int:
        """Return how many architectures are done."""
        return len(self._lines)

    def take_earlier(self) -> list[Prediction]:
        """Return what the file held when it was opened, and forget it."""
        earlier, self._earlier = self._earlier, []
        return earlier

    def used_before(self, architecture: str) -> tuple[float, float]:
        """Return the CPU and wall seconds of the queries that the draw has before this one."""
        place = self._order[architecture]
        before = [used for token, used in list(self._used.items()) if self._order[token] < place]
        return sum(cpu for cpu, _ in before), sum(wall for _, wall in before)

    def append(self, prediction: Prediction) -> bool:
        """Append a line; return False and do nothing if its architecture is done already.

        Raises:
            OrganiserError: The disk does not take it; the file is as it was before.
        """
        new = self._lines.append(prediction)
        if new:
            self._remember(prediction)
        return new

    def finish(self, limits: Limits) -> None:
        """Close the file; bring a complete one into the draw's order and under the time limit.

        Shards share the benchmark's time, and what one of them has used the others cannot know
        while they run. So architectures whose predecessors in the draw have used it up are
        ``not_reached`` here, as they would have been one after the other.

        Raises:
            OSError: The disk is full; the file is as it was before.
        """
        self._lines.close()
        if len(self._lines) < len(self._order):
            return
        reached = sum(
            1 for _ in itertools.takewhile(lambda used: _within(used, limits), self._before())
        )
        if reached < len(self._order) or list(self._lines) != list(self._order):
            self._lines.rewrite(lambda predictions: self._judged(predictions, reached, limits))

    def _before(self) -> itertools.accumulate[tuple[float, float]]:
        """Yield what the architectures before each one have used, in the order of the draw."""
        used = [self._used[token] for token in self._order]
        return itertools.accumulate(
            used[:-1], lambda a, b: (a[0] + b[0], a[1] + b[1]), initial=(0.0, 0.0)
        )

    def _judged(
        self, predictions: list[Prediction], reached: int, limits: Limits
    ) -> list[Prediction]:
        ordered = sorted(predictions, key=lambda prediction: self._order[prediction.id])
        message = used_up(limits)
        return ordered[:reached] + [
            Prediction(id=prediction.id, status="not_reached", message=message)
            for prediction in ordered[reached:]
        ]

    def _remember(self, prediction: Prediction) -> None:
        self._used[prediction.id] = (prediction.cpu_time_s, prediction.wall_time_s)


def used_up(limits: Limits) -> str:
    """Return the message of an architecture the benchmark's time did not reach."""
    return f"the benchmark's {limits.benchmark_cpu_s} s of CPU time were used up before"


def _within(used: tuple[float, float], limits: Limits) -> bool:
    cpu, wall = used
    return cpu <= limits.benchmark_cpu_s and wall <= limits.benchmark_wall_s

"""What went wrong, told shortly: equal failures are counted once, whatever numbers they name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from zcnas.words.records import Prediction

_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_PLACE = re.compile(r"line \d+")


@dataclass(frozen=True)
class Failure:
    """One architecture that failed.

    Attributes:
        benchmark: On which benchmark.
        architecture: Its id.
        status: How.
        message: The message.
    """

    benchmark: str
    architecture: str
    status: str
    message: str

    @property
    def kind(self) -> str:
        """Equal for failures that differ in numbers only; a line of code is not such a number."""
        return f"{self.status}: {kind_of_message(self.message)}"


@dataclass(frozen=True)
class FailureGroup:
    """Failures that differ in numbers only.

    Attributes:
        first: One of them, to be shown for all.
        count: How many.
        benchmarks: On which benchmarks, in order.
        exact: Whether all have the very same message.
    """

    first: Failure
    count: int
    benchmarks: tuple[str, ...]
    exact: bool


def kind_of_message(message: str) -> str:
    """Return a message with every number but those of lines of code left out."""
    pieces, end = [], 0
    for place in _PLACE.finditer(message):
        pieces += [_NUMBER.sub("#", message[end : place.start()]), place.group()]
        end = place.end()
    return "".join([*pieces, _NUMBER.sub("#", message[end:])])


def failures_of(benchmark: str, predictions: Iterable[Prediction]) -> list[Failure]:
    """Return the failures among a benchmark's predictions."""
    return [
        Failure(benchmark, each.id, each.status, each.message)
        for each in predictions
        if each.status != "ok"
    ]


def grouped(failures: Iterable[Failure]) -> list[FailureGroup]:
    """Return groups of equal failures, the most frequent first."""
    by_kind: dict[str, list[Failure]] = defaultdict(list)
    for failure in failures:
        by_kind[failure.kind].append(failure)
    groups = [
        FailureGroup(
            first=members[0],
            count=len(members),
            benchmarks=tuple(dict.fromkeys(member.benchmark for member in members)),
            exact=len({member.message for member in members}) == 1,
        )
        for members in by_kind.values()
    ]
    return sorted(groups, key=lambda group: -group.count)

"""The division of a run into parts that share nothing: who asks for which architectures.

A cluster's scheduler starts ``zcnas score --part i/n`` n times, and no part knows of another. So
the division is a pure function of the phase, the submissions' digests and the measured costs, the
same on every machine. The unit is a shard of one submission on one benchmark; shards are dealt out
from the most expensive to the cheapest, each to the part that has the least to do so far. No
accuracy is needed, so no node holds one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from zcnas.errors import UsageError
from zcnas.organiser.costs import CostRecord
from zcnas.organiser.results.portion import Portion
from zcnas.words.records import BenchmarkInput

LARGEST_SHARD = 100
"""Architectures of a shard at most: what a lost node has asked for is little, starts are few."""
SHARDS_PER_PART = 2
"""What a part has at least where a benchmark has enough architectures, for the balance."""
START_S = 10.0
"""CPU seconds of a worker's start and set-up, for each shard."""
UNMEASURED_S = 1.0
"""CPU seconds of a query on a benchmark that the costs do not cover."""
MOST_PARTS = 10_000
_FORM = re.compile("([0-9]{1,6})/([0-9]{1,6})")


@dataclass(frozen=True)
class PartNumber:
    """Which part of how many: ``index`` is 1 to ``count``."""

    index: int
    count: int


@dataclass(frozen=True)
class Shard:
    """Architectures of one submission on one benchmark that are asked for together.

    Attributes:
        submission: The submission's name.
        benchmark: The benchmark.
        ids: The architectures, in the order of the draw.
        cost_s: CPU seconds that a forward and a backward pass of each would take.
    """

    submission: str
    benchmark: str
    ids: tuple[str, ...]
    cost_s: float


def parse_part(text: str) -> PartNumber:
    """Return the part that ``3/8`` names.

    Raises:
        UsageError: The text is malformed, or there is no such part.
    """
    match = _FORM.fullmatch(text.strip())
    index, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if match is None or not 1 <= count <= MOST_PARTS:
        raise UsageError(
            f"--part {text} is malformed; write which part of how many, at most {MOST_PARTS}: for "
            "example --part 1/8, and run all of 1/8 to 8/8"
        )
    if not 1 <= index <= count:
        raise UsageError(
            f"--part {text} is out of range: there are parts 1/{count} to {count}/{count}"
        )
    return PartNumber(index, count)


def default_shard(submissions: int, inputs: Mapping[str, BenchmarkInput], count: int) -> int:
    """Return how many architectures a shard has, so that there are enough for all parts."""
    total = submissions * sum(len(data.architectures) for data in inputs.values())
    return max(1, min(LARGEST_SHARD, total // (SHARDS_PER_PART * count)))


def portion_of(
    number: PartNumber,
    digests: Mapping[str, str],
    inputs: Mapping[str, BenchmarkInput],
    costs: CostRecord,
    shard: int | None = None,
) -> Portion:
    """Return what one part of a run asks for.

    Args:
        number: Which part.
        digests: The digest of each submission's content, by its name.
        inputs: The architectures of each benchmark.
        costs: The measured costs.
        shard: Architectures of a shard; None for as many as suit the number of parts.
    """
    size = shard or default_shard(len(digests), inputs, number.count)
    shards = [each for name in sorted(digests) for each in _shards_of(name, inputs, costs, size)]
    dealt = deal(shards, number.count)
    order = {key: tuple(each.id for each in data.architectures) for key, data in inputs.items()}
    units: dict[str, dict[str, tuple[str, ...]]] = {}
    for one in dealt[number.index - 1]:
        of_benchmark = units.setdefault(one.submission, {})
        asked = {*of_benchmark.get(one.benchmark, ()), *one.ids}
        of_benchmark[one.benchmark] = tuple(i for i in order[one.benchmark] if i in asked)
    whole = [
        sorted(digests.items()),
        [[(s.submission, s.benchmark, s.ids) for s in p] for p in dealt],
    ]
    return Portion(
        index=number.index,
        count=number.count,
        division_sha256=hashlib.sha256(msgspec.json.encode(whole)).hexdigest(),
        order=order,
        units=units,
    )


def deal(shards: Sequence[Shard], count: int) -> list[list[Shard]]:
    """Return the shards of each part: the most expensive first, to whom has least so far.

    Reference: R. L. Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17
    (1969): the longest part takes at most 4/3 of what the best division would.
    """
    parts: list[list[Shard]] = [[] for _ in range(count)]
    loads = [0.0] * count
    for shard in sorted(shards, key=lambda each: (-each.cost_s, each.submission, each.benchmark)):
        least = loads.index(min(loads))
        parts[least].append(shard)
        loads[least] += shard.cost_s
    return parts


def _shards_of(
    submission: str, inputs: Mapping[str, BenchmarkInput], costs: CostRecord, size: int
) -> Iterator[Shard]:
    for key in sorted(inputs):
        ids = tuple(each.id for each in inputs[key].architectures)
        each_s = _query_s(inputs[key], costs)
        for start in range(0, len(ids), size):
            some = ids[start : start + size]
            yield Shard(submission, key, some, START_S + each_s * len(some))


def _query_s(data: BenchmarkInput, costs: CostRecord) -> float:
    """Return the CPU seconds of building a typical network, and one pass in each direction."""
    cost = costs.benchmarks.get(data.benchmark)
    if cost is None:
        return UNMEASURED_S
    one = cost.typical.contiguous
    return one.build_s + data.batch_size / cost.batch_size * (one.forward_s + one.backward_s)

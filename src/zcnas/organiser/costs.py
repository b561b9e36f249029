"""What a benchmark costs, as measured by ``timings/bench_costs.py``: the record and its reader.

The record is ``docs/costs.json``. For each benchmark it has the batch size and three architectures:
``typical``, whose multiply-accumulates are closest to the mean of a seeded sample; ``large``, the
largest in the sample; ``extreme``, the largest found in the whole space. Totals over many
architectures are estimated from the first, limits are set from the second, and the third shows that
everything fits into memory. Times are CPU seconds on one pinned core with one thread, in a fresh
process, like that of a query; memory is that process's peak resident size in MiB, including torch.
This module does not import torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from zcnas.errors import InputDataError
from zcnas.phases import Phase
from zcnas.words.records import read_json

COSTS_FILE = "docs/costs.json"
"""The record, among the package's files."""
IDLE_MIB = 250
"""Resident size of a process that has imported torch and done nothing."""


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of the record: immutable and without unknown fields."""


class PassCost(_Record, frozen=True, kw_only=True):
    """One forward and one backward pass of the training loss at the benchmark's batch size."""

    build_s: float
    forward_s: float
    backward_s: float
    peak_mib: float


class ProxyCost(_Record, frozen=True, kw_only=True):
    """All proxies defined for the benchmark, evaluated together.

    Attributes:
        proxies: How many; epe_nas needs classes.
        total_s: CPU seconds, without building the network.
        peak_mib: Peak resident size.
    """

    proxies: int
    total_s: float
    peak_mib: float


class ExtremeCost(_Record, frozen=True, kw_only=True):
    """An architecture of a benchmark.

    Attributes:
        spec: Its canonical string.
        gmacs: Multiply-accumulates of one image, in 10⁹.
        activations_mib: What autograd keeps from one image's forward pass.
        contiguous: Network and images in PyTorch's default layout, which is what a predictor gets.
    """

    spec: str
    gmacs: float
    activations_mib: float
    contiguous: PassCost


class LargeCost(ExtremeCost, frozen=True, kw_only=True):
    """An architecture for which the proxies were also measured."""

    together: ProxyCost


class TypicalCost(LargeCost, frozen=True, kw_only=True):
    """An architecture for which everything was measured.

    Attributes:
        channels_last: Network and images first converted to ``torch.channels_last``.
    """

    channels_last: PassCost


class BenchmarkCost(_Record, frozen=True, kw_only=True):
    """A benchmark at the batch size that fits within the memory limit.

    Attributes:
        batch_size: B.
        published_batch_size: The batch size of the published experiments.
        measured_on: The benchmark on which ``large``, ``extreme`` and all proxies were measured:
            this one, or one whose networks differ only in the number of classes.
        typical: The typical architecture; its passes are always this benchmark's own.
        large: The large one.
        extreme: The extreme one.
    """

    batch_size: int
    published_batch_size: int
    measured_on: str
    typical: TypicalCost
    large: LargeCost
    extreme: ExtremeCost

    @property
    def peak_mib(self) -> float:
        """The largest memory of all measurements."""
        return max(
            self.large.together.peak_mib,
            self.large.contiguous.peak_mib,
            self.extreme.contiguous.peak_mib,
        )


class CostRecord(_Record, frozen=True, kw_only=True):
    """``docs/costs.json``: the machine and all benchmarks."""

    machine: dict[str, str]
    memory_limit_mib: int
    benchmarks: dict[str, BenchmarkCost]


def read_costs(path: Path) -> CostRecord:
    """Return the measured costs.

    Raises:
        InputDataError: The file is missing or has another format.
    """
    return read_json(path, CostRecord, InputDataError)


@dataclass(frozen=True)
class PhaseCost:
    """What one submission costs in a phase, in CPU seconds on the machine that measured it.

    Attributes:
        forward_s: A predictor that needs one forward pass, for all benchmarks and architectures.
        both_s: One forward and one backward pass.
        together_s: All proxies.
        large_query_s: All proxies on the large architecture of the most expensive benchmark.
        dearest_benchmark_s: All proxies on N typical architectures of the most expensive benchmark.
        peak_mib: The largest memory needed by any of these.
        unmeasured: Benchmarks missing from the record; the figures above do not include them.
    """

    forward_s: float
    both_s: float
    together_s: float
    large_query_s: float
    dearest_benchmark_s: float
    peak_mib: float
    unmeasured: tuple[str, ...]


def estimate(phase: Phase, record: CostRecord) -> PhaseCost:
    """Return what a phase costs: N times the typical architecture of each benchmark.

    Times, and memory above that of an idle process, are assumed to be proportional to the batch
    size; they are scaled if a phase's batch size differs from the measured one.
    """
    unmeasured = tuple(key for key in phase.benchmarks if key not in record.benchmarks)
    forward = both = together = large_query = dearest_benchmark = peak = 0.0
    for benchmark in phase.get_benchmarks():
        if benchmark.key in unmeasured:
            continue
        cost = record.benchmarks[benchmark.key]
        scale = phase.batch_size_of(benchmark) / cost.batch_size
        typical, large, count = cost.typical, cost.large, phase.architectures
        one = typical.contiguous
        forward += count * (one.build_s + scale * one.forward_s)
        both += count * (one.build_s + scale * (one.forward_s + one.backward_s))
        every = count * (one.build_s + scale * typical.together.total_s)
        together += every
        dearest_benchmark = max(dearest_benchmark, every)
        query = large.contiguous.build_s + scale * large.together.total_s
        large_query = max(large_query, query)
        peak = max(peak, IDLE_MIB + scale * (cost.peak_mib - IDLE_MIB))
    return PhaseCost(forward, both, together, large_query, dearest_benchmark, peak, unmeasured)


@dataclass(frozen=True)
class ExpectedCost:
    """What a submission is expected to cost in a phase, judged by what it has cost in another.

    Attributes:
        cpu_s: CPU seconds for all benchmarks together.
        over: Benchmarks on which it is expected to use more than the phase allows, with seconds.
    """

    cpu_s: float
    over: tuple[tuple[str, float], ...]


def expected_cost(
    cpu_s: float, seen: Phase, asked: int, target: Phase, record: CostRecord
) -> ExpectedCost | None:
    """Return what a submission is expected to cost; None if the record does not cover a benchmark.

    Its cost is assumed to grow from phase to phase as that of a forward and a backward pass.

    Args:
        cpu_s: What it has used.
        seen: Where, with only the benchmarks it was asked on.
        asked: On how many architectures of each.
        target: The phase in question.
        record: The measured costs.
    """
    before, after = estimate(seen, record), estimate(target, record)
    if before.unmeasured or after.unmeasured:
        return None
    scale = cpu_s / (before.both_s * asked / seen.architectures)
    each = [(key, scale * estimate(target.only([key]), record).both_s) for key in target.benchmarks]
    over = tuple((key, used) for key, used in each if used > target.limits.benchmark_cpu_s)
    return ExpectedCost(scale * after.both_s, over)

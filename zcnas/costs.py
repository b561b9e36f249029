"""What a benchmark costs, as ``benchmarks/bench_costs.py`` measured it: the record and its reader.

The record is ``docs/costs.json``: for each benchmark its batch size and two architectures, the
``typical`` one, whose multiply-accumulates are nearest to the mean of a seeded sample, and the
``dearest`` one found. Sums over many architectures follow from the first, limits from the second.
Times are CPU seconds of one pinned core, one thread, in a process that has run nothing before, as
a query's child has not; memory is the peak resident size of that process in MiB, torch included.
No torch here.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from zcnas.errors import InputDataError
from zcnas.records import read_json


class PassCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One forward and one backward of the training loss at the benchmark's batch size."""

    build_s: float
    forward_s: float
    backward_s: float
    peak_mib: float


class ProxyCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All proxies that are defined for the benchmark, evaluated together.

    Attributes:
        proxies: How many; epe_nas needs classes.
        total_s: CPU seconds, building the network not included.
        peak_mib: Peak resident size.
        measured_on: The benchmark it was measured on: this one, or one whose networks differ in
            nothing but the number of classes.
    """

    measured_on: str
    proxies: int
    total_s: float
    peak_mib: float


class ArchitectureCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One architecture of a benchmark.

    Attributes:
        spec: Its canonical string.
        gmacs: Multiply-accumulates of one image, in 10⁹.
        activations_mib: What autograd keeps of one image's forward pass.
        contiguous: Network and images as PyTorch makes them, which is what a predictor is given.
        channels_last: Both converted to ``torch.channels_last`` first.
        together: The proxies.
    """

    spec: str
    gmacs: float
    activations_mib: float
    contiguous: PassCost
    channels_last: PassCost
    together: ProxyCost


class BenchmarkCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A benchmark at the batch size that fits into the memory limit."""

    batch_size: int
    published_batch_size: int
    typical: ArchitectureCost
    dearest: ArchitectureCost


class CostRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``docs/costs.json``: the machine and all benchmarks."""

    machine: dict[str, str]
    memory_limit_mib: int
    benchmarks: dict[str, BenchmarkCost]


def read_costs(path: Path) -> CostRecord:
    """Return the measured costs.

    Raises:
        InputDataError: The file is missing or of another form.
    """
    return read_json(path, CostRecord, InputDataError)


def render_costs(record: CostRecord) -> str:
    """Return the record as a page in Markdown."""
    return ""

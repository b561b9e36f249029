"""Renders ``docs/costs.md`` from the record of ``bench_costs.py``."""

from __future__ import annotations

from zcnas.benchmarks import BENCHMARKS
from zcnas.organiser.costs import CostRecord, PassCost

HEAD = """# What the benchmarks cost

Written by `timings/bench_costs.py` (repeat `make bench-costs` to resume after an interruption).

{machine}

Times are CPU seconds (user and system) of one process on one pinned core with one thread, measured
once in a fresh process, like that of a query; medians of three if that took less than a second.
Other work was running on the machine: CPU time excludes waiting, but not the effect of shared
caches and memory bandwidth, so the figures are rather high. Memory is the peak resident size of
that process, including 250 MiB for torch.

Three architectures were measured for each search space: **typical**, whose multiply-accumulates are
closest to the mean of {sample} drawn at random; **large**, the one of them whose forward pass keeps
most memory; **extreme**, the largest of the space if it is known (NAS-Bench-201 and
TransNAS-Bench-101), otherwise the largest found from there by hill climbing over one-edit
neighbours.

{missing}## Batch sizes

The published experiments used batches of 64, and of 32 for TransNAS-Bench-101, on machines with
enough memory: the latter needs more than 30 GB. The batch size here is the largest of 2, 4, 6, 8,
12, 16, 24, 32, 48 and 64, up to the published one, for which **all proxies together on the large
network** and **one forward and backward pass on the extreme one** stay within {limit} MiB less 256
MiB for the worker and a predictor's own tensors. All proxies on the extreme network may need more:
for a predictor that computes all of them, such an architecture is a failure with status `memory`.

| benchmark | batch | published | large: all proxies | extreme: forward + backward |
|---|---|---|---|---|
"""
TYPICAL = """
## The typical architecture, at that batch

`c` means contiguous, as a predictor receives it, `cl` means that network and images were converted
to channels_last; the last column gives the number of proxies in parentheses. All proxies, and the
large and the extreme architecture, were measured once for all benchmarks whose networks differ only
in the number of classes (`measured_on` in `costs.json`).

| benchmark | GMACs per image | build | forward c | backward c | peak c | forward cl | \
backward cl | peak cl | all proxies |
|---|---|---|---|---|---|---|---|---|---|
"""
LARGE = """
## The large and the extreme architecture, at that batch, contiguous

| benchmark | large: GMACs | forward | backward | all proxies | extreme: GMACs | forward | \
backward |
|---|---|---|---|---|---|---|---|
"""
LIMITS = """
## How the limits are set

For every phase, `zcnas phases` prints the cost of a submission that needs one forward pass, one
forward and backward pass, or all proxies, together with the limits. A test checks these rules:

* **query_cpu_s** is at least three times the cost of all proxies on the large architecture of the
  phase's most expensive benchmark: the most expensive known predictor on a large network, on a
  machine three times slower than this one.
* **benchmark_cpu_s** is at least twice the cost of all proxies on N typical architectures of the
  phase's most expensive benchmark, so that no predictor up to that cost runs out of time. Wall time
  is a backstop at three times that.
* **memory_mb** is 4096, the limit for which the batch sizes were chosen.
* **setup_s** is 60 for all benchmarks, because set-up builds no network.
"""


def render(record: CostRecord, sample: int) -> str:
    """Return the page in Markdown."""
    parts = [f"{name.replace('_', ' ')} {value}" for name, value in record.machine.items()]
    missing = [key for key in BENCHMARKS if key not in record.benchmarks]
    page = HEAD.format(
        machine=f"Machine: {', '.join(parts)}.",
        sample=sample,
        limit=record.memory_limit_mib,
        missing=f"**Not measured yet:** {', '.join(missing)}.\n\n" if missing else "",
    )
    for key, cost in record.benchmarks.items():
        page += (
            f"| {key} | {cost.batch_size} | {cost.published_batch_size} | "
            f"{cost.large.together.peak_mib:.0f} MiB | "
            f"{cost.extreme.contiguous.peak_mib:.0f} MiB |\n"
        )
    page += TYPICAL
    for key, cost in record.benchmarks.items():
        typical, together = cost.typical, cost.typical.together
        page += (
            f"| {key} | {typical.gmacs:.2f} | {typical.contiguous.build_s:.2f} s | "
            f"{_passes(typical.contiguous)} | {typical.contiguous.peak_mib:.0f} MiB | "
            f"{_passes(typical.channels_last)} | {typical.channels_last.peak_mib:.0f} MiB | "
            f"{together.total_s:.1f} s ({together.proxies}) |\n"
        )
    page += LARGE
    for key, cost in record.benchmarks.items():
        large, extreme = cost.large, cost.extreme
        page += (
            f"| {key} | {large.gmacs:.2f} | {_passes(large.contiguous)} | "
            f"{large.together.total_s:.1f} s | {extreme.gmacs:.2f} | "
            f"{_passes(extreme.contiguous)} |\n"
        )
    return page + LIMITS


def _passes(cost: PassCost) -> str:
    return f"{cost.forward_s:.2f} s | {cost.backward_s:.2f} s"

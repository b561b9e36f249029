"""``docs/costs.md`` from the record of ``bench_costs.py``."""

from __future__ import annotations

from zcnas.benchmarks import BENCHMARKS
from zcnas.organiser.costs import CostRecord, PassCost

HEAD = """# What the benchmarks cost

Written by `timings/bench_costs.py` (`make bench-costs` goes on where it was interrupted).

{machine}

Times are CPU seconds (user and system) of one process on one pinned core, one thread, measured once
in a process that has computed nothing before, as a query's process has not; medians of three where
that took less than a second. The machine was busy with other work meanwhile: CPU time leaves out
the waiting, but not what shared caches and memory cost, so the figures are on the high side. Memory
is the peak resident size of that process, torch's 250 MiB included.

For each search space three architectures: **typical**, whose multiply-accumulates are nearest to
the mean of {sample} drawn at random; **large**, the one of them whose forward pass keeps most
memory; **extreme**, the largest of the space where that is known (NAS-Bench-201 and
TransNAS-Bench-101), otherwise the largest found by climbing over one-edit neighbours from there.

{missing}## Batch sizes

The published experiments used batches of 64, and of 32 for TransNAS-Bench-101, on machines that
have the memory: more than 30 GB there. The batch size here is the largest of 2, 4, 6, 8, 12, 16,
24, 32, 48 and 64, at most the published one, at which **all proxies together on the large network**
and **one forward and backward on the extreme one** stay within {limit} MiB less 256 for the worker
beside it and a predictor's own tensors. All proxies on the extreme network may need more: such an
architecture is then a failure of status `memory` for a predictor that asks for all of them.

| benchmark | batch | published | large: all proxies | extreme: forward + backward |
|---|---|---|---|---|
"""
TYPICAL = """
## The typical architecture, at that batch

`c` contiguous as a predictor is given it, `cl` with network and images converted to channels_last;
the last column says how many proxies there are. All proxies, and the large and the extreme
architecture, were measured once for benchmarks whose networks differ in nothing but the number of
classes (`measured_on` in `costs.json`).

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
## How the limits follow

`zcnas phases` prints, for every phase, what one submission costs that needs one forward, one
forward and backward, or all proxies, and the limits beside it. The rules, held by a test:

* **query_cpu_s** is at least three times all proxies on the large architecture of the phase's
  dearest benchmark: the dearest known predictor on a large network, on a machine three times
  slower than this one was.
* **benchmark_cpu_s** is at least twice all proxies on N typical architectures of the phase's
  dearest benchmark, so that nobody at the price of all proxies runs out of time before the last
  architecture. Wall time is three times that, a backstop.
* **memory_mb** is 4096: what the batch sizes were chosen for.
* **setup_s** is 60 and does not depend on the benchmark: no network is built in it.
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

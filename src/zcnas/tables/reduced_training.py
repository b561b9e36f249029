"""Validation accuracies after a few epochs: proxies that cost a share of a training.

    for each in load_reduced(get_benchmark("nasbench101_cifar10"), folder):
        each.name, each.accuracies, each.seconds

NAS-Bench-101's export has 4, 12 and 36 of 108 epochs, NATS-Bench's files 12 of 200, each a training
of its own with a learning rate that falls to zero at its end. They are no zero-cost proxies, but
what those are measured against.

Reference: Zhou et al., "EcoNAS: Finding Proxies for Economical Neural Architecture Search", CVPR
2020, arXiv:2001.01233; Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021,
arXiv:2101.08134, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zcnas.benchmarks import Benchmark
from zcnas.tables import nasbench101, nats_bench

EPOCH_S = 5400.0
"""CPU seconds of an epoch of NAS-Bench-101, one core: 40,000 images at 0.136 s, the forward and
backward pass of a typical network (``docs/costs.md``). The export has no times."""


@dataclass(frozen=True)
class ReducedTraining:
    """Accuracies after fewer epochs than the benchmark's.

    Attributes:
        epochs: How many.
        full: How many the benchmark's accuracies have.
        accuracies: Maps an architecture to its validation accuracy in percent, the mean over seeds.
        full_accuracies: Likewise, after all epochs.
        seconds: Maps an architecture to the seconds of its short training.
        timed_on: What the seconds are of, in words.
    """

    epochs: int
    full: int
    accuracies: Mapping[str, float]
    full_accuracies: Mapping[str, float]
    seconds: Mapping[str, float]
    timed_on: str

    @property
    def name(self) -> str:
        """What it is called beside proxies, such as ``epochs_12``."""
        return f"epochs_{self.epochs}"


def load_reduced(benchmark: Benchmark, folder: Path | None) -> tuple[ReducedTraining, ...]:
    """Return the reduced trainings of a benchmark, the shortest first; none where no table has any.

    Args:
        benchmark: Any of the 28.
        folder: The folder of accuracy tables.

    Raises:
        TableError: The table that would have them is missing or damaged.
    """
    if benchmark.key == nasbench101.KEY:
        return _of_nasbench101(folder)
    if benchmark.key in nats_bench.TRAINING:
        return _of_nats_bench(benchmark, folder)
    return ()


def _of_nasbench101(folder: Path | None) -> tuple[ReducedTraining, ...]:
    columns = (*nasbench101.FEWER_EPOCHS, nasbench101.EPOCHS)
    rows, _ = nasbench101.read_export(folder, columns)
    return tuple(
        ReducedTraining(
            epochs,
            nasbench101.EPOCHS,
            {text: values[at] for text, values in rows.items()},
            {text: values[-1] for text, values in rows.items()},
            dict.fromkeys(rows, epochs * EPOCH_S),
            "one CPU core, a typical network",
        )
        for at, epochs in enumerate(nasbench101.FEWER_EPOCHS)
    )


def _of_nats_bench(benchmark: Benchmark, folder: Path | None) -> tuple[ReducedTraining, ...]:
    columns = (nats_bench.FEWER_EPOCHS, nats_bench.EPOCHS)
    (short, full), (seconds, _), _ = nats_bench.read_archive(benchmark, folder, columns)
    return (
        ReducedTraining(
            *columns, _means(short), _means(full), seconds, "the publication's graphics card"
        ),
    )


def _means(values: Mapping[str, tuple[float, ...]]) -> dict[str, float]:
    return {text: sum(seeds) / len(seeds) for text, seeds in values.items() if seeds}

"""What the public phases show: the architectures they have drawn, with accuracies, as a table.

Both halves of such a phase travel with the package, so this is the one table that is there without
a download. It has a hundred architectures of a benchmark and one accuracy of each.
"""

from __future__ import annotations

from pathlib import Path

from zcnas.benchmarks import Benchmark
from zcnas.errors import TableError
from zcnas.tables.table import Table
from zcnas.words.records import read_input, read_reference
from zcnas.words.resources import public_draws


def load(benchmark: Benchmark, folder: Path | None = None) -> Table:
    """Return the architectures that a public phase has drawn of a benchmark.

    Args:
        benchmark: The benchmark.
        folder: Not needed.

    Raises:
        TableError: No public phase has the benchmark.
        InputDataError: The visible half is malformed.
        ReferenceDataError: The other half is malformed.
    """
    draws = public_draws()
    if benchmark.key not in draws:
        raise TableError(
            f"no public phase has drawn architectures of {benchmark.key}; benchmarks with a draw: "
            f"{', '.join(draws)}"
        )
    inputs, references = draws[benchmark.key]
    reference = read_reference(references)
    accuracies: dict[str, tuple[float, ...]] = {
        each.spec: (reference.accuracies[each.id],)
        for each in read_input(inputs).architectures
        if each.id in reference.accuracies
    }
    return Table(
        benchmark=benchmark.key,
        accuracies=accuracies,
        metric=reference.metric,
        unit=reference.unit,
        source="public_phase",
        version=reference.version,
        sha256=reference.table_sha256,
        noise_ceiling=reference.noise_ceiling,
    )

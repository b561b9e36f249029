"""Accuracies of NAS-Bench-Suite-Zero, one JSON file per search space (``suite_zero_file``).

The meaning of ``val_accuracy`` depends on the benchmark and is given in each table's ``metric``:

* NAS-Bench-101: validation accuracy at 108 epochs of one of three training runs, redrawn for every
  row. Many rows are the same cell with different idle vertices or in another order: its distinct
  values are its seeds, and ``Table.merged_rows`` counts the others. The rows come from a sampler
  that prefers small cells; phases draw NAS-Bench-101 from ``nasbench101`` instead;
* NAS-Bench-201 on cifar10, cifar100, ImageNet16-120: the **test** accuracy of one seed (888);
* NAS-Bench-301 on cifar10: the prediction of the surrogate xgb_v1.0;
* TransNAS-Bench-101: the last epoch's top-1 accuracy, pixel accuracy (segmentsemantic), SSIM
  (autoencoder, normal) or negative loss (room_layout) on the validation set;
* svhn, ninapro, scifar100: validation accuracy of one training run.

Reference: Krishnakumar et al., "NAS-Bench-Suite-Zero: Accelerating Research on Zero Cost Proxies",
NeurIPS 2022 Datasets and Benchmarks, arXiv:2210.03230; released with NASLib, Apache-2.0.
"""

from __future__ import annotations

from pathlib import Path

from zcnas.benchmarks import Benchmark
from zcnas.errors import TableError
from zcnas.tables.suite_zero_file import read_rows, refusing_other_forms
from zcnas.tables.table import Table

VERSION = "NeurIPS 2022"

_TASK_METRICS = {
    "autoencoder": ("validation SSIM at the last epoch", "1"),
    "normal": ("validation SSIM at the last epoch", "1"),
    "room_layout": ("negative validation loss at the last epoch", "1"),
    "segmentsemantic": ("validation pixel accuracy at the last epoch", "percent"),
}

_SPACE_METRICS = {
    "nasbench101": "validation accuracy at 108 epochs, one to three seeds",
    "nasbench201": "test accuracy at 200 epochs, seed 888",
    "nasbench301": "validation accuracy predicted by the surrogate xgb_v1.0",
}


def load(benchmark: Benchmark, folder: Path | None = None) -> Table:
    """Return the table of any of the 28 benchmarks.

    Reads ``<folder>/zc_<search space>.json``.

    Raises:
        TableError: The file is missing, has another format or another search space, writes an
            architecture twice, or contains nothing for the benchmark.
    """
    rows = read_rows(benchmark, folder)
    with refusing_other_forms(rows.path, benchmark):
        accuracies = {
            architecture: tuple(sorted({_number(record["val_accuracy"]) for record in records}))
            for architecture, records in rows.cells.items()
        }
    metric, unit = metric_of(benchmark)
    source = "nas_bench_suite_zero"
    try:
        return Table(
            benchmark.key, accuracies, metric, unit, source, VERSION, rows.sha256, rows.merged
        )
    except TableError as error:
        raise TableError(f"'{rows.path}': {error}") from None


def _number(value: object) -> float:
    """Return a number of a JSON file.

    Raises:
        TypeError: It is a truth value, a text or nothing.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"val_accuracy is {value!r}, which is not a number")
    return float(value)


def metric_of(benchmark: Benchmark) -> tuple[str, str]:
    """Return the metric that ``val_accuracy`` holds for a benchmark, and its unit."""
    dataset = benchmark.dataset.name
    if benchmark.dataset.target != "label":
        return _TASK_METRICS.get(
            dataset, ("validation top-1 accuracy at the last epoch", "percent")
        )
    if dataset in ("svhn", "ninapro", "scifar100"):
        return "validation accuracy of one training", "percent"
    return _SPACE_METRICS[benchmark.search_space], "percent"

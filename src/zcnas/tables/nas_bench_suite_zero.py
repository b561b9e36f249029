"""Accuracies of NAS-Bench-Suite-Zero, one JSON file per search space.

The format is ``{dataset: {architecture: {"val_accuracy": x, "<proxy>": {"score": y}, …}, …}, …}``,
with the architecture as a Python literal written by NASLib. The meaning of ``val_accuracy`` depends
on the benchmark and is given in each table's ``metric``:

* NAS-Bench-101: validation accuracy at 108 epochs of one of three training runs, redrawn for every
  row. Many rows are the same cell with different idle vertices: its distinct values are its seeds;
* NAS-Bench-201 on cifar10, cifar100, ImageNet16-120: the **test** accuracy of one seed (888);
* NAS-Bench-301 on cifar10: the prediction of the surrogate xgb_v1.0;
* TransNAS-Bench-101: the last epoch's top-1 accuracy, pixel accuracy (segmentsemantic), SSIM
  (autoencoder, normal) or negative loss (room_layout) on the validation set;
* svhn, ninapro, scifar100: validation accuracy of one training run.

Reference: Krishnakumar et al., "NAS-Bench-Suite-Zero: Accelerating Research on Zero Cost Proxies",
NeurIPS 2022 Datasets and Benchmarks, arXiv:2210.03230; released with NASLib, Apache-2.0.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path

from zcnas.benchmarks import Benchmark
from zcnas.errors import InvalidArchitecture, TableError
from zcnas.search_spaces import get_search_space
from zcnas.tables.table import Table, folder_of_tables, read_bytes

VERSION = "NeurIPS 2022"
PUBLISHER = "the NAS-Bench-Suite-Zero release of NASLib (its README links the data folder)"

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
        TableError: The file is missing, has another format or another search space, or contains
            nothing for the benchmark.
    """
    name = f"zc_{benchmark.search_space}.json"
    path = folder_of_tables(folder, name) / name
    content, sha256 = read_bytes(path, PUBLISHER)
    try:
        datasets = json.loads(content)
        rows = dict(datasets.get(benchmark.dataset.name, {}))
        space = get_search_space(benchmark.search_space)
        values: dict[str, set[float]] = {}
        for key, record in rows.items():
            architecture = str(space.read_naslib(ast.literal_eval(key), benchmark.dataset))
            values.setdefault(architecture, set()).add(float(record["val_accuracy"]))
    except (ValueError, TypeError, KeyError, AttributeError, SyntaxError) as error:
        raise TableError(
            f"'{path}' is not a NAS-Bench-Suite-Zero table of {benchmark.search_space} "
            f"({error!r}); get it from {PUBLISHER}"
        ) from None
    except InvalidArchitecture as error:
        raise TableError(
            f"'{path}' is for a search space other than {benchmark.search_space} ({error}); get "
            f"{name} from {PUBLISHER}"
        ) from None
    if not values:
        raise TableError(
            f"'{path}' has no architectures for {benchmark.dataset.name}, only for "
            f"{', '.join(datasets) or 'nothing'}; get the complete file from {PUBLISHER}"
        )
    metric, unit = metric_of(benchmark)
    accuracies = {architecture: tuple(sorted(seen)) for architecture, seen in values.items()}
    return Table(benchmark.key, accuracies, metric, unit, "nas_bench_suite_zero", VERSION, sha256)


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

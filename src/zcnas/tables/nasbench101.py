"""NAS-Bench-101 accuracies from an exported CSV file.

``nasbench101_16001.csv.gz`` has 16,001 of the 423,624 cells, one training run each, as accuracies
between 0 and 1. Columns: ``hash`` (the published module hash), ``n_vertices``,
``adjacency_rowmajor`` (zeros and ones), ``ops`` (comma-separated), ``trainable_parameters`` and
``val_acc_4``, ``val_acc_12``, ``val_acc_36``, ``val_acc_108``. Every row's hash is recomputed, and
a cell that occurs twice is refused.

Reference: Ying et al., "NAS-Bench-101", ICML 2019, arXiv:1902.09635 (Apache-2.0); exported by the
project nasbench-vis.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from pathlib import Path

from zcnas.benchmarks import Benchmark
from zcnas.errors import InvalidArchitecture, TableError
from zcnas.search_spaces.nasbench101.spec import NasBench101Spec
from zcnas.tables.table import Table, folder_of_tables, read_bytes

FILE = "nasbench101_16001.csv.gz"
PUBLISHER = "the nasbench-vis project (its export of NAS-Bench-101 as CSV)"


KEY = "nasbench101_cifar10"
EPOCHS = 108
FEWER_EPOCHS = (4, 12, 36)


def load(benchmark: Benchmark, folder: Path | None = None) -> Table:
    """Return the validation accuracies at 108 epochs, in percent, one training run per cell.

    Reads ``<folder>/nasbench101_16001.csv.gz``.

    Raises:
        TableError: It is another benchmark, the file is missing or has another format, or a row's
            hash is wrong.
    """
    if benchmark.key != KEY:
        raise TableError(f"nasbench101 does not cover {benchmark.key}; it covers only {KEY}")
    accuracies, sha256 = read_export(folder, (EPOCHS,))
    return Table(
        benchmark=benchmark.key,
        accuracies=accuracies,
        metric="validation accuracy at 108 epochs, one training",
        unit="percent",
        source="nasbench101",
        version="export of 16,001 cells",
        sha256=sha256,
    )


def read_export(
    folder: Path | None, epochs: Sequence[int]
) -> tuple[dict[str, tuple[float, ...]], str]:
    """Return every cell's validation accuracies in percent, and the digest of the file.

    Args:
        folder: The folder of accuracy tables.
        epochs: After how many epochs, one accuracy each: ``EPOCHS`` or some of ``FEWER_EPOCHS``.

    Raises:
        TableError: The file is missing or has another format, or a row's hash is wrong.
    """
    path = folder_of_tables(folder, FILE) / FILE
    content, sha256 = read_bytes(path, PUBLISHER)
    accuracies: dict[str, tuple[float, ...]] = {}
    hashes: set[str] = set()
    try:
        text = gzip.decompress(content).decode()
        for row in csv.DictReader(io.StringIO(text)):
            spec = read_spec(row)
            if spec.module_hash() != row["hash"]:
                raise ValueError(f"the hash of {spec} is {spec.module_hash()}, not {row['hash']}")
            if row["hash"] in hashes:
                raise ValueError(f"the cell {spec} (hash {row['hash']}) occurs twice")
            hashes.add(row["hash"])
            accuracies[str(spec)] = tuple(100 * float(row[f"val_acc_{each}"]) for each in epochs)
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, csv.Error) as error:
        raise TableError(
            f"'{path}' is not an export of NAS-Bench-101 ({error!r}); get it from {PUBLISHER}"
        ) from None
    except InvalidArchitecture as error:
        raise TableError(
            f"'{path}' is for another search space ({error}); get {FILE} from {PUBLISHER}"
        ) from None
    return accuracies, sha256


def read_spec(row: dict[str, str]) -> NasBench101Spec:
    """Return the cell in a row.

    Raises:
        KeyError: A column is missing.
        InvalidArchitecture: The row is not a cell of the space.
    """
    size, bits = int(row["n_vertices"]), row["adjacency_rowmajor"]
    rows = [[int(bit) for bit in bits[i * size : (i + 1) * size]] for i in range(size)]
    return NasBench101Spec.pruned(rows, row["ops"].split(","))

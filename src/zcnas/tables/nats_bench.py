"""NAS-Bench-201 accuracies from NATS-Bench's official files.

The official archive is a folder with one bz2-compressed pickle per architecture, and another with
the list of architectures, which is not needed. A record has the learning curves of several training
runs of 12 and of 200 epochs. The table has the validation accuracy after the last of 200
epochs, for every seed: ``x-valid@199`` of ``cifar10-valid`` (half of the training images) for
cifar10, and of ``cifar100`` and ``ImageNet16-120`` (half of the test images). The files contain
numpy numbers; ``load_table_pickle`` gets stand-ins for the three names these need, and no others.

Reference: Dong, Liu, Musial and Gabrys, "NATS-Bench: Benchmarking NAS Algorithms for Architecture
Topology and Size", TPAMI 2021, arXiv:2009.00437, appendix.
"""

from __future__ import annotations

import bz2
import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zcnas.benchmarks import Benchmark
from zcnas.errors import InvalidArchitecture, TableError
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.tables.table import Table, folder_of_tables, load_table_pickle, read_bytes

VERSION = "v1_0-3ffb9"
ARCHIVE = f"NATS-tss-{VERSION}-simple"
PUBLISHER = f"the NATS-Bench project page (the unpacked archive {ARCHIVE})"

TRAINING = {
    "nasbench201_cifar10": "cifar10-valid",
    "nasbench201_cifar100": "cifar100",
    "nasbench201_imagenet16_120": "ImageNet16-120",
}
EPOCHS = 200
FEWER_EPOCHS = 12


def load(benchmark: Benchmark, folder: Path | None = None) -> Table:
    """Return the table of one of the three main NAS-Bench-201 datasets, in percent.

    Reads every ``<folder>/NATS-tss-v1_0-3ffb9-simple/*_<six digits>.pickle.pbz2``.

    Raises:
        TableError: It is another benchmark, the folder is missing, or a file has another format.
    """
    if benchmark.key not in TRAINING:
        raise TableError(
            f"nats_bench does not cover {benchmark.key}; it covers {', '.join(TRAINING)}"
        )
    (accuracies,), _, sha256 = read_archive(benchmark, folder, (EPOCHS,))
    return Table(
        benchmark=benchmark.key,
        accuracies=accuracies,
        metric="validation accuracy at 200 epochs",
        unit="percent",
        source="nats_bench",
        version=VERSION,
        sha256=sha256,
    )


def read_archive(
    benchmark: Benchmark, folder: Path | None, epochs: Sequence[int]
) -> tuple[list[dict[str, tuple[float, ...]]], list[dict[str, float]], str]:
    """Return accuracies by seed, seconds of one training, and the digest of all files.

    Args:
        benchmark: A key of ``TRAINING``.
        folder: The folder of accuracy tables.
        epochs: Of which trainings, ``EPOCHS`` or ``FEWER_EPOCHS``; one of the dictionaries each.

    Raises:
        TableError: The folder is missing, or a file has another format.
    """
    archive = folder_of_tables(folder, ARCHIVE) / ARCHIVE
    paths = sorted(archive.glob(f"{ARCHIVE}_[0-9][0-9][0-9][0-9][0-9][0-9].pickle.pbz2"))
    if not paths:
        raise TableError(
            f"'{archive}' does not contain {ARCHIVE}_000000.pickle.pbz2 and so on; "
            f"get them from {PUBLISHER} and put them there"
        )
    digest = hashlib.sha256()
    accuracies: list[dict[str, tuple[float, ...]]] = [{} for _ in epochs]
    seconds: list[dict[str, float]] = [{} for _ in epochs]
    for path in paths:
        content, _ = read_bytes(path, PUBLISHER)
        digest.update(content)
        for number, each in enumerate(epochs):
            architecture, values, took = _read_record(content, path, TRAINING[benchmark.key], each)
            accuracies[number][architecture] = values
            seconds[number][architecture] = took
    return accuracies, seconds, digest.hexdigest()


def _read_record(
    content: bytes, path: Path, training: str, epochs: int
) -> tuple[str, tuple[float, ...], float]:
    """Return the architecture in a file, its accuracies ordered by seed, and the mean seconds."""
    try:
        record: Any = load_table_pickle(bz2.decompress(content), path, _STAND_INS)
        results = record[str(epochs)]["all_results"]
        runs = {seed: result for (name, seed), result in results.items() if name == training}
        by_seed = {
            seed: float(run["eval_acc1es"][f"x-valid@{epochs - 1}"]) for seed, run in runs.items()
        }
        seconds = [sum(run.get("train_times", {}).values()) for run in runs.values()]
        architecture = str(NasBench201Spec.parse(record[str(epochs)]["arch_str"]))
    except (OSError, EOFError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise TableError(
            f"'{path}' is not a record of NATS-Bench's topology search space ({error!r}); "
            f"get it from {PUBLISHER}"
        ) from None
    except InvalidArchitecture as error:
        raise TableError(
            f"'{path}' is for another search space ({error}); get it from {PUBLISHER}"
        ) from None
    values = tuple(by_seed[seed] for seed in sorted(by_seed))
    return architecture, values, float(sum(seconds)) / max(1, len(seconds))


class _Float64:
    """Stands in for the only numpy dtype in the files, little-endian float64."""

    def __init__(self, code: str, *_: bool) -> None:
        if code != "f8":
            raise ValueError(f"a number has type {code}, not f8")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] != "<":
            raise ValueError(f"a number has byte order {state[1]}, not <")


def _scalar(_: _Float64, content: bytes) -> float:
    """Return the number that numpy's scalar constructor would return."""
    if len(content) != 8:
        raise ValueError(f"a float64 has {len(content)} bytes, not 8")
    (number,) = struct.unpack("<d", content)
    return float(number)


_STAND_INS: dict[tuple[str, str], object] = {
    ("collections", "OrderedDict"): dict,
    ("numpy", "dtype"): _Float64,
    ("numpy.core.multiarray", "scalar"): _scalar,
}

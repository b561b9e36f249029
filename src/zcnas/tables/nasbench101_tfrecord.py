"""NAS-Bench-101 accuracies from the official file, without TensorFlow.

``nasbench_only108.tfrecord`` (and ``nasbench_full.tfrecord``, which adds 4, 12 and 36 epochs) is a
TFRecord file of JSON lists ``[module hash, epochs, adjacency, operations, metrics]``; every cell
occurs three times, once per training run. ``metrics`` is a base64-encoded protocol buffer:

    ModelMetrics    1: repeated EvaluationData  2: trainable parameters  3: total time
    EvaluationData  1: epoch  2: time  3: train, 4: validation, 5: test accuracy  (all float64)

The last evaluation is the end of the training run; its validation accuracy is the one used here.
Checksums inside the TFRecord are not verified, but every new cell's hash is.

Reference: Ying et al., "NAS-Bench-101", ICML 2019, arXiv:1902.09635; google-research/nasbench,
Apache-2.0 (the formats).
"""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path

from zcnas.benchmarks import Benchmark
from zcnas.errors import InvalidArchitecture, TableError
from zcnas.search_spaces.nasbench101.spec import NasBench101Spec
from zcnas.tables.table import Table, folder_of_tables, read_bytes

FILE = "nasbench_only108.tfrecord"
PUBLISHER = "the NAS-Bench-101 project (the dataset download of google-research/nasbench)"
EPOCHS = 108

_EVALUATIONS, _VALIDATION_ACCURACY = 1, 4
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def load(benchmark: Benchmark, folder: Path | None = None) -> Table:
    """Return the validation accuracies at 108 epochs, in percent, one per training run.

    Reads ``<folder>/nasbench_only108.tfrecord``.

    Raises:
        TableError: It is another benchmark, the file is missing or has another format, or a cell's
            hash is wrong.
    """
    if benchmark.key != "nasbench101_cifar10":
        raise TableError(
            f"nasbench101_tfrecord does not cover {benchmark.key}; it covers only "
            "nasbench101_cifar10"
        )
    path = folder_of_tables(folder, FILE) / FILE
    content, sha256 = read_bytes(path, PUBLISHER)
    accuracies: dict[str, tuple[float, ...]] = {}
    drawings: dict[str, str] = {}
    try:
        for record in records(content):
            module_hash, epochs, adjacency, ops, metrics = json.loads(record)
            if epochs != EPOCHS:
                continue
            if module_hash not in drawings:
                drawings[module_hash] = _read_drawing(module_hash, adjacency, ops)
            drawing = drawings[module_hash]
            value = 100 * final_validation_accuracy(base64.b64decode(metrics))
            accuracies[drawing] = (*accuracies.get(drawing, ()), value)
    except (ValueError, TypeError, struct.error, IndexError) as error:
        raise TableError(
            f"'{path}' is not the TFRecord file of NAS-Bench-101 ({error!r}); "
            f"get it from {PUBLISHER}"
        ) from None
    except InvalidArchitecture as error:
        raise TableError(
            f"'{path}' is for another search space ({error}); get {FILE} from {PUBLISHER}"
        ) from None
    return Table(
        benchmark=benchmark.key,
        accuracies=accuracies,
        metric="validation accuracy at 108 epochs",
        unit="percent",
        source="nasbench101_tfrecord",
        version="nasbench_only108",
        sha256=sha256,
    )


def records(content: bytes) -> Iterator[bytes]:
    """Yield the records of a TFRecord file: length, checksum, content, checksum.

    Raises:
        ValueError: The file ends in the middle of a record.
    """
    view, position = memoryview(content), 0
    while position < len(view):
        (length,) = struct.unpack_from("<Q", view, position)
        start, position = position + 12, position + 12 + length + 4
        if position > len(view):
            raise ValueError("the file ends in the middle of a record")
        yield bytes(view[start : start + length])


def final_validation_accuracy(metrics: bytes) -> float:
    """Return the last evaluation's validation accuracy, between 0 and 1.

    Raises:
        ValueError: The message has none.
    """
    evaluations = [value for field, value in _fields(metrics) if field == _EVALUATIONS]
    for evaluation in reversed(evaluations):
        for field, value in _fields(evaluation):
            if field == _VALIDATION_ACCURACY:
                (accuracy,) = struct.unpack("<d", value)
                return float(accuracy)
        break
    raise ValueError("a training run has no validation accuracy")


def _read_drawing(module_hash: str, adjacency: str, ops: str) -> str:
    size = math.isqrt(len(adjacency))
    bits = [int(bit) for bit in adjacency]
    rows = [bits[start : start + size] for start in range(0, size * size, size)]
    spec = NasBench101Spec.pruned(rows, ops.split(","))
    if spec.module_hash() != module_hash:
        raise ValueError(f"the hash of {spec} is {spec.module_hash()}, not {module_hash}")
    return str(spec)


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (field number, content) of a protocol buffer; a varint yields empty content."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        kind, length = key & 7, 0
        if kind == _VARINT:
            _, position = _varint(message, position)
        elif kind == _BYTES:
            length, position = _varint(message, position)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"a field has the unknown wire type {kind}")
        yield key >> 3, message[position : position + length]
        position += length


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """Return a number encoded in groups of seven bits, lowest first, and the position after it."""
    number = shift = 0
    while message[position] & 0x80:
        number |= (message[position] & 0x7F) << shift
        position, shift = position + 1, shift + 7
    return number | message[position] << shift, position + 1

"""The organiser's input files, held to what a run will do with them, before any submission runs.

A fault that is found here is ours. Found later, by the worker that parses a spec or by the kernel
that has no memory for a batch, it would be charged to every submission.
"""

from __future__ import annotations

import math
from pathlib import Path

from zcnas.benchmarks import Spec, get_benchmark
from zcnas.errors import InputDataError, InvalidArchitecture
from zcnas.search_spaces import parse_spec
from zcnas.words.labels import Labels, labels_path, read_labels
from zcnas.words.records import BenchmarkInput, read_input

_FLOAT_BYTES = 4
_LEAST_COPIES = 8
"""How often a minibatch is held at least: three times while it reaches the worker, and as the first
feature map of a network, which has at least 16 channels where an input has 3."""
_MOST_NAMED = 5


def read_checked_input(path: Path, memory_mb: int) -> BenchmarkInput:
    """Return ``<benchmark>.json`` of a folder with input data, checked by ``check_input``.

    Raises:
        InputDataError: It is missing, malformed, or cannot be run.
    """
    data = read_input(path)
    check_input(path, data, memory_mb)
    return data


def read_checked_labels(folder: Path, data: BenchmarkInput, count: int) -> Labels | None:
    """Return the labels of a benchmark in a folder with input data; None if its phase has none.

    Args:
        folder: The folder.
        data: The benchmark, as it was drawn.
        count: How many labels the phase gives.

    Raises:
        InputDataError: They are missing, malformed, too few or too many, of another benchmark, not
            architectures of its search space, or among the architectures that are judged.
    """
    if not count:
        return None
    path = labels_path(folder, data.benchmark)
    labels = read_labels(path)
    if (labels.benchmark, len(labels.labels)) != (data.benchmark, count):
        raise InputDataError(
            f"{path} has {len(labels.labels)} labels of {labels.benchmark}; the phase gives "
            f"{count} of {data.benchmark}: draw the benchmark again with `zcnas sample`"
        )
    try:
        told = [parse_spec(data.search_space, each.spec) for each in labels.labels]
    except InvalidArchitecture as error:
        raise InputDataError(f"{path}: {error}; draw the benchmark again") from None
    judged = {parse_spec(data.search_space, each.spec) for each in data.architectures}
    if len(set(told)) < len(told) or judged.intersection(told):
        raise InputDataError(
            f"{path} labels an architecture twice, or one that is judged; draw the benchmark again "
            "with `zcnas sample`"
        )
    return labels


def check_input(path: Path, data: BenchmarkInput, memory_mb: int) -> None:
    """Check that a benchmark is the one its file is named after, and that it can be run.

    Args:
        path: The file.
        data: What is in it.
        memory_mb: The phase's limit on a submission's memory in MiB.

    Raises:
        InputDataError: It is another benchmark, an architecture is none of its search space or
            has two ids, or a minibatch cannot fit the limit.
    """
    benchmark = get_benchmark(path.stem)
    meant = (benchmark.key, benchmark.search_space, benchmark.dataset.name)
    said = (data.benchmark, data.search_space, data.dataset)
    if said != meant:
        raise InputDataError(
            f"{path} names {' / '.join(said)} instead of {' / '.join(meant)}; correct it, or draw "
            "the benchmark again"
        )
    faults, known = [], dict[Spec, str]()
    for architecture in data.architectures:
        try:
            spec = parse_spec(data.search_space, architecture.spec)
        except InvalidArchitecture as error:
            faults.append(f"{architecture.id}: {error}")
            continue
        if (first := known.setdefault(spec, architecture.id)) != architecture.id:
            faults.append(f"{architecture.id}: the same architecture as {first}")
    if faults:
        more = len(faults) - _MOST_NAMED
        listing = "; ".join(faults[:_MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
        raise InputDataError(
            f"{path} has entries that are not distinct architectures of {data.search_space} "
            f"({listing}); correct them, or draw the benchmark again"
        )
    batch_mb = data.batch_size * math.prod(benchmark.dataset.input_shape) * _FLOAT_BYTES / (1 << 20)
    if batch_mb * _LEAST_COPIES > memory_mb:
        raise InputDataError(
            f"{path} has batch_size {data.batch_size}: a minibatch of {batch_mb:.0f} MiB is held "
            f"at least {_LEAST_COPIES} times, and memory_mb of the phase is {memory_mb}; correct "
            "one of the two"
        )

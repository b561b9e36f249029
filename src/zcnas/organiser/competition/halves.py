"""Both halves of a phase: what ingestion is given and what scoring knows."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from zcnas.datasets import Minibatch
from zcnas.datasets.frozen import load_minibatch_beside
from zcnas.ingestion.inputs import check_input, read_checked_labels
from zcnas.organiser.both_halves import read_both_halves
from zcnas.phases import Phase
from zcnas.words.labels import Labels
from zcnas.words.records import BenchmarkInput, Reference, read_input
from zcnas.words.shares import check_shares

MINIBATCHES_IN_MEMORY = 2
"""A minibatch of large images takes 25 MB and a second, so a few are kept and none for ever."""


@dataclass(frozen=True)
class MinibatchRecord:
    """What is known of a benchmark's minibatch without holding it.

    Attributes:
        source: Where it comes from, one phrase.
        sha256: Digest of its arrays.
        synthetic: It follows from the benchmark and its seed, so any host can make it.
    """

    source: str
    sha256: str
    synthetic: bool


@dataclass(frozen=True)
class Halves:
    """Both halves of a phase.

    Attributes:
        inputs: The architectures of each benchmark.
        references: Their hidden accuracies; empty where only a part of a run is made.
        minibatches: What is known of each benchmark's minibatch.
        load: Makes or reads the minibatch of a benchmark.
        labels: The labelled architectures of each benchmark; none if the phase gives none.
    """

    inputs: dict[str, BenchmarkInput]
    references: dict[str, Reference]
    minibatches: dict[str, MinibatchRecord]
    load: Callable[[str], Minibatch]
    labels: dict[str, Labels] = field(default_factory=dict)

    @property
    def architectures(self) -> int:
        """N, the architectures of one benchmark; of the largest, should they differ."""
        return max(len(data.architectures) for data in self.inputs.values())


def first_of(halves: Halves, count: int) -> Halves:
    """Return the halves with only the first architectures of each benchmark, in the drawn order."""
    inputs = {
        key: msgspec.structs.replace(data, architectures=data.architectures[:count])
        for key, data in halves.inputs.items()
    }
    references = {
        key: msgspec.structs.replace(
            halves.references[key],
            accuracies={
                each.id: halves.references[key].accuracies[each.id] for each in data.architectures
            },
            shown=(),
        )
        for key, data in inputs.items()
    }
    return dataclasses.replace(halves, inputs=inputs, references=references)


def load_halves(
    phase: Phase, input_dir: Path, reference_dir: Path | None, data_dir: Path | None
) -> Halves:
    """Read both halves of a phase, parse all of them, and try its minibatches.

    Without ``reference_dir`` only the visible half: who records needs no accuracy.

    Raises:
        InputDataError: An input file is missing, malformed or cannot be run, or a dataset's files
            are damaged.
        ReferenceDataError: A reference is missing, malformed or of another draw, or not divided as
            the phase says.
    """
    inputs: dict[str, BenchmarkInput] = {}
    references: dict[str, Reference] = {}
    minibatches: dict[str, MinibatchRecord] = {}
    labels: dict[str, Labels] = {}

    @functools.lru_cache(MINIBATCHES_IN_MEMORY)
    def load(key: str) -> Minibatch:
        return load_minibatch_beside(input_dir, inputs[key], data_dir)

    for key in phase.benchmarks:
        if reference_dir is None:
            inputs[key] = read_input(input_dir / f"{key}.json")
        else:
            inputs[key], references[key] = read_both_halves(input_dir, reference_dir, key)
            check_shares(phase, references[key])
        check_input(input_dir / f"{key}.json", inputs[key], phase.limits.memory_mb)
        told = read_checked_labels(input_dir, inputs[key], phase.labels)
        labels |= {} if told is None else {key: told}
    for key in phase.benchmarks:
        minibatch = load(key)
        minibatches[key] = MinibatchRecord(
            source=minibatch.source,
            sha256=digest_of_minibatch(minibatch),
            synthetic=minibatch.synthetic,
        )
    return Halves(inputs, references, minibatches, load, labels)


def digest_of_minibatch(minibatch: Minibatch) -> str:
    """Return the SHA-256 of the first minibatch's arrays and what those after it are made of.

    Types and shapes count too. Synthetic images after the first minibatch follow from what it
    follows from, so they are not made for this.
    """
    digest = hashlib.sha256()
    arrays = [minibatch.inputs, minibatch.targets]
    if not minibatch.synthetic and len(further := minibatch.further()):
        arrays += further.arrays()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode() + array.tobytes())
    return digest.hexdigest()

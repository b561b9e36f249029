"""A phase in a bundle: the files for ingestion, the files for scoring, and the public ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from zcnas.datasets.frozen import SUFFIX, freeze_minibatch, load_minibatch_beside
from zcnas.hosted.phase import (
    BASELINES_FILE,
    HOSTED_PHASE_FILE,
    INPUT_DIGESTS_FILE,
    HostedPhase,
    default_time_limit_s,
)
from zcnas.ingestion.inputs import check_input, read_checked_labels
from zcnas.organiser.both_halves import read_both_halves
from zcnas.organiser.platforms.settings import PhaseSettings
from zcnas.phases import Phase
from zcnas.words.feedback import Feedback, shown
from zcnas.words.labels import labels_path
from zcnas.words.records import BenchmarkInput, Reference
from zcnas.words.shares import check_shares, share_of

Baselines = dict[str, dict[str, float]]
"""Maps a baseline's name to its tau per benchmark."""


@dataclass(frozen=True)
class BundledPhase:
    """One phase of a bundle.

    Attributes:
        phase: Benchmarks, limits, feedback.
        settings: Dates and limits on submissions.
        inputs: The visible halves by benchmark.
        references: The hidden halves by benchmark.
        input_files: The input data's files by name; they travel in the ingestion program, which a
            submission's own command cannot see.
        reference_files: The reference data's files by name; of a phase that shows no scores, they
            hold no accuracy.
        seal_key: Seals the records of this phase's runs; hexadecimal.
        image_sources: By benchmark, where the minibatch's images come from.
    """

    phase: Phase
    settings: PhaseSettings
    inputs: dict[str, BenchmarkInput]
    references: dict[str, Reference]
    input_files: dict[str, bytes]
    reference_files: dict[str, bytes]
    seal_key: str
    image_sources: dict[str, str]

    @property
    def name(self) -> str:
        """The phase's name in ``phases.toml``."""
        return self.phase.name

    @property
    def ingestion_name(self) -> str:
        """The ingestion program's file in the bundle, with the input data inside."""
        return f"ingestion_program_{self.name}.zip"

    @property
    def reference_name(self) -> str:
        """The reference data's file in the bundle."""
        return f"reference_data_{self.name}.zip"

    @property
    def public_name(self) -> str | None:
        """The public data's file in the bundle; None for a hidden phase, which has none."""
        return f"public_data_{self.name}.zip" if self.phase.truth == "public" else None

    @property
    def public_files(self) -> dict[str, bytes]:
        """Both halves of a public phase."""
        return {
            **{f"input_data/{name}": content for name, content in self.input_files.items()},
            **{f"reference_data/{name}": content for name, content in self.reference_files.items()},
        }

    @property
    def time_limit_s(self) -> int:
        """Wall seconds the platform allows for one step of a submission."""
        return self.settings.time_limit_s or default_time_limit_s(self.phase)

    @property
    def feedback(self) -> Feedback:
        """What participants may see before the deadline."""
        return shown(self.phase)

    @property
    def architectures(self) -> int:
        """N, the number of architectures per benchmark; the largest, if they differ."""
        return max(len(data.architectures) for data in self.inputs.values())


def bundle_phase(
    phase: Phase,
    settings: PhaseSettings,
    input_dir: Path,
    reference_dir: Path,
    data_dir: Path | None,
    seal_key: str,
    baselines: Baselines | None = None,
) -> BundledPhase:
    """Return a phase with all files that a bundle has for it, made from both halves.

    Args:
        phase: Its definition in ``phases.toml``.
        settings: Its settings in ``competition.yaml``.
        input_dir: Folder with ``<benchmark>.json`` for ingestion.
        reference_dir: Folder with ``<benchmark>.json`` for scoring.
        data_dir: Folder with the datasets' published files, or None.
        seal_key: Seals the records of this phase's runs; random, in hexadecimal.
        baselines: Used instead of the ``baselines.json`` beside the references.

    Raises:
        InputDataError: An input is missing, malformed or cannot be run, or a dataset's files are
            damaged.
        ReferenceDataError: A reference is missing, malformed or from another draw.
    """
    hosted = HostedPhase(
        phase=msgspec.structs.replace(phase, draw_seed=None),
        time_limit_s=settings.time_limit_s or default_time_limit_s(phase),
    )
    described = msgspec.json.format(msgspec.json.encode(hosted), indent=1) + b"\n"
    inputs, references, sources = {}, {}, {}
    input_files = {HOSTED_PHASE_FILE: described}
    reference_files = {HOSTED_PHASE_FILE: described}
    scored_there = shown(phase).scores
    if scored_there:
        reference_files |= _baseline_files(reference_dir / BASELINES_FILE, baselines)
    for benchmark in phase.get_benchmarks():
        key, name = benchmark.key, f"{benchmark.key}.json"
        data, reference = read_both_halves(input_dir, reference_dir, key)
        check_shares(phase, reference)
        check_input(input_dir / name, data, phase.limits.memory_mb)
        if read_checked_labels(input_dir, data, phase.labels) is not None:
            told = labels_path(input_dir, key)
            input_files[told.name] = told.read_bytes()
        inputs[key], references[key] = data, reference
        input_files[name] = (input_dir / name).read_bytes()
        if scored_there:
            reference_files[name] = _reference_file(reference_dir / name, reference)
        minibatch = load_minibatch_beside(input_dir, data, data_dir)
        sources[key] = minibatch.source
        if not minibatch.synthetic:
            input_files[f"{key}{SUFFIX}"] = freeze_minibatch(minibatch)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in input_files.items()}
    reference_files[INPUT_DIGESTS_FILE] = msgspec.json.encode(digests, order="sorted")
    return BundledPhase(
        phase, settings, inputs, references, input_files, reference_files, seal_key, sources
    )


def _reference_file(path: Path, reference: Reference) -> bytes:
    """Return what a platform is given of a hidden half: never the share that decides."""
    if not reference.shown:
        return path.read_bytes()
    return msgspec.json.format(msgspec.json.encode(share_of(reference, "shown")), indent=1) + b"\n"


def _baseline_files(path: Path, baselines: Baselines | None) -> dict[str, bytes]:
    if baselines is not None:
        return {BASELINES_FILE: msgspec.json.encode(baselines, order="sorted")}
    return {BASELINES_FILE: path.read_bytes()} if path.is_file() else {}

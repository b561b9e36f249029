"""The programs of a bundle: which files of the repository a platform is given, as literal lists.

No list names a reader of accuracy tables, and the ingestion program holds nothing that reads
accuracies. A test holds the lists against what the programs import.
"""

from __future__ import annotations

from pathlib import Path

from zcnas.isolation.program import ROOT, WORKER_MODULES

INGESTION_MODULES = (
    *WORKER_MODULES,
    "ingestion_program/conversation.py",
    "ingestion_program/ingestion.py",
    "ingestion_program/recorder.py",
    "zcnas/archives.py",
    "zcnas/datasets",
    "zcnas/feedback.py",
    "zcnas/hosted.py",
    "zcnas/intake",
    "zcnas/isolation/__init__.py",
    "zcnas/isolation/process.py",
    "zcnas/logs.py",
    "zcnas/machine.py",
    "zcnas/phases.py",
    "zcnas/pickles.py",
    "zcnas/records.py",
    "zcnas/seals.py",
    "zcnas/seeds.py",
    "zcnas/submissions.py",
)
INGESTION_ROOT = (
    "ingestion_program/metadata.yaml",
    "ingestion_program/naslib",
    "ingestion_program/on_platform.py",
    "ingestion_program/worker.py",
)
"""Files and folders that stand at the root of the ingestion program."""

SCORING_MODULES = (
    "scoring_program/details.py",
    "scoring_program/scoring.py",
    "zcnas/__init__.py",
    "zcnas/benchmarks.py",
    "zcnas/channel.py",
    "zcnas/errors.py",
    "zcnas/feedback.py",
    "zcnas/hosted.py",
    "zcnas/metrics.py",
    "zcnas/outcomes.py",
    "zcnas/pages",
    "zcnas/phases.py",
    "zcnas/records.py",
    "zcnas/seals.py",
    "zcnas/secondary_metrics.py",
    "zcnas/seeds.py",
    "zcnas/statistics.py",
)
SCORING_ROOT = ("scoring_program/metadata.yaml", "scoring_program/on_platform.py")

STARTING_KIT = (
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "competition.yaml",
    "docker",
    "docs/participants.md",
    "ingestion_program",
    "pyproject.toml",
    "reference_data/README.md",
    "reference_data/phases.toml",
    "reference_data/practice",
    "scoring_program",
    "starting_kit",
    "zcnas",
)
"""What participants get: this repository without its tests; so a dry run is the organiser's run."""


def ingestion_program() -> dict[str, bytes]:
    """Return the files of the ingestion program by name."""
    return _under_both_names(_collect(INGESTION_MODULES) | _collect(INGESTION_ROOT, at_root=True))


def scoring_program() -> dict[str, bytes]:
    """Return the files of the scoring program by name."""
    return _under_both_names(_collect(SCORING_MODULES) | _collect(SCORING_ROOT, at_root=True))


def starting_kit() -> dict[str, bytes]:
    """Return the files of the starting kit by name."""
    return _collect(STARTING_KIT)


def _under_both_names(program: dict[str, bytes]) -> dict[str, bytes]:
    """Return a program whose ``metadata.yaml`` is there as ``metadata`` as well.

    CodaLab reads no other name; Codabench takes either.
    """
    return {**program, "metadata": program["metadata.yaml"]}


def _collect(names: tuple[str, ...], at_root: bool = False) -> dict[str, bytes]:
    """Return files by their name in the repository, or ``at_root`` without the first folder."""
    files = {}
    for name in names:
        top = ROOT / name
        base = top.parent if at_root else ROOT
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and not _is_left_over(path):
                files[path.relative_to(base).as_posix()] = path.read_bytes()
    return files


def _is_left_over(path: Path) -> bool:
    return "__pycache__" in path.parts or path.name.startswith(".") or path.suffix == ".pyc"

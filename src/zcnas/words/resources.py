"""Where the files beside the modules are: in a checkout, an editable install and a wheel.

A checkout and an editable install have them at the repository's root; a wheel holds the same files
below ``zcnas/assets``. Two questions are told apart, because one of them must not depend on the
folder a command is given in: what runs code (programs, the image's recipe, templates) always comes
from the package, while what an organiser edits (phases, halves, settings, submissions) comes from
the competition folder around the current one, where there is one.
"""

from __future__ import annotations

import importlib.resources
from pathlib import Path

from zcnas.errors import PhaseError
from zcnas.phases import load_phases

PHASES_FILE = "reference_data/phases.toml"
"""What makes a folder a competition folder."""
SETTINGS_FILE = "competition.yaml"
SAMPLES_FOLDER = "starting_kit/submissions"
FEW_LABELS_FOLDER = "starting_kit/few_labels"
"""Samples of the track few-labels, which the practice phase does not have."""
INPUT_FOLDER = "starting_kit/input_data"
"""The visible halves of the public phase; the other halves are in ``reference_data/<phase>``."""
EDITABLE = ("reference_data", INPUT_FOLDER, SETTINGS_FILE)
"""What a new competition folder starts with."""


def package_root() -> Path:
    """Return the folder that the package's own files lie in: the repository's root or ``assets``.

    Raises:
        FileNotFoundError: Neither is there, as in a bundle's program, which needs none of them.
    """
    package = Path(str(importlib.resources.files("zcnas")))
    checkout, assets = package.parents[1], package / "assets"
    for root in (assets, checkout):
        if (root / "ingestion_program").is_dir() and (root / PHASES_FILE).is_file():
            return root
    raise FileNotFoundError(f"neither {assets} nor a checkout around {package} is there")


def is_checkout() -> bool:
    """Return whether the package runs from a checkout, its tests and docs beside it."""
    return package_root().name != "assets"


def package_file(name: str) -> Path:
    """Return a file or folder of the package, whatever the current folder is.

    Args:
        name: Its name below the repository's root, for example ``docker/Dockerfile``.
    """
    return package_root() / name


def competition_folder() -> Path | None:
    """Return the nearest folder, from the current one upwards, that holds a competition.

    None without one; the package's own phases and halves count then.
    """
    here = Path.cwd()
    return next((each for each in (here, *here.parents) if (each / PHASES_FILE).is_file()), None)


def competition_file(name: str) -> Path:
    """Return a file or folder that an organiser may edit.

    That of the competition folder where it has one, otherwise the package's.
    """
    folder = competition_folder()
    if folder is not None and (folder / name).exists():
        return folder / name
    return package_file(name)


def public_halves(phase: str) -> tuple[Path, Path]:
    """Return the folders of a public phase's two halves, both of one competition.

    A competition folder that has either of them is taken for both: halves of different draws would
    not fit together.
    """
    folder = competition_folder()
    reference = f"reference_data/{phase}"
    if folder is None or not any((folder / name).exists() for name in (INPUT_FOLDER, reference)):
        folder = package_root()
    return folder / INPUT_FOLDER, folder / reference


def public_draws() -> dict[str, tuple[Path, Path]]:
    """Return both halves of every benchmark that a public phase has drawn: architectures, truth."""
    draws: dict[str, tuple[Path, Path]] = {}
    for phase in load_phases(competition_file(PHASES_FILE)).values():
        halves = public_halves(phase.name)
        for benchmark in phase.benchmarks if phase.truth == "public" else ():
            inputs, reference = (half / f"{benchmark}.json" for half in halves)
            if inputs.is_file() and reference.is_file():
                draws.setdefault(benchmark, (inputs, reference))
    return draws


def public_reference(benchmark: str) -> Path | None:
    """Return the accuracies that a public phase has drawn of a benchmark; None if none has."""
    halves = public_draws().get(benchmark)
    return halves[1] if halves else None


def writable_halves(phase: str) -> tuple[Path, Path]:
    """Return where a public phase's halves are written: in the competition folder.

    Raises:
        PhaseError: The current folder lies in none; nothing is written into an installed package.
    """
    folder = competition_folder()
    if folder is None:
        raise PhaseError(
            f"phase '{phase}' is drawn into a competition folder, one with {PHASES_FILE}, and "
            f"{Path.cwd()} lies in none: make one with `zcnas init --competition "
            "FOLDER` and go there, or name "
            "a folder for the draw with --out"
        )
    return folder / INPUT_FOLDER, folder / "reference_data" / phase

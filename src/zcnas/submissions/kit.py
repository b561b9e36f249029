"""What belongs to the starting kit, where somebody submits the kit's folder with a predictor in it.

The kit is a folder to work in: beside ``predictor.py`` there are the practice phase's
architectures, sample submissions and a README. None of them is part of the submission, unless the
submission imports a sample.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from zcnas.words.entry_points import ENTRY_POINTS

INPUT_FOLDER, SAMPLES_FOLDER, FEW_LABELS_FOLDER = "input_data/", "submissions/", "few_labels/"
BUILD_FOLDER = "build/"
README = "README.md"
FILES = (README, "requirements.txt", "test_predictor.py")
SAMPLES_ROSTER = "submissions/submissions.csv"
_WHEEL = re.compile(r"zcnas-[^/]*\.whl")
_RESULTS = tuple(f"{BUILD_FOLDER}{command}/" for command in ("dry-run", "score", "submission"))
_IMPORTS_A_SAMPLE = re.compile(rb"^[ \t]*(from|import)[ \t]+(\.[ \t]*)?submissions\b", re.MULTILINE)


def kit_parts(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the paths of the kit's own files and folders; a folder's has a slash at its end.

    Args:
        files: The contents of a submission by relative path.
    """
    if not any(name in files for name in ENTRY_POINTS):
        return ()
    parts = []
    if _is_input_folder([name for name in files if name.startswith(INPUT_FOLDER)]):
        parts.append(INPUT_FOLDER)
    samples = [name for name in files if name.startswith(SAMPLES_FOLDER)]
    if _is_samples_folder(samples) and not _imports_a_sample(files):
        parts.append(SAMPLES_FOLDER)
    if _is_build_folder([name for name in files if name.startswith(BUILD_FOLDER)]):
        parts.append(BUILD_FOLDER)
    if set(parts) & {INPUT_FOLDER, SAMPLES_FOLDER}:
        if _is_samples_folder([name for name in files if name.startswith(FEW_LABELS_FOLDER)]):
            parts.append(FEW_LABELS_FOLDER)
        wheels = [name for name in files if _WHEEL.fullmatch(name)]
        parts += [name for name in (*FILES, *wheels) if name in files]
    return tuple(parts)


def _is_build_folder(names: list[str]) -> bool:
    """Return whether this is where the commands leave their results."""
    return any(name.startswith(_RESULTS) for name in names)


def _is_input_folder(names: list[str]) -> bool:
    """Return whether these are files with a benchmark's architectures, or its minibatch, each."""
    return bool(names) and all(
        name.count("/") == 1 and name.endswith((".json", ".minibatch.npz")) for name in names
    )


def _is_samples_folder(names: list[str]) -> bool:
    """Return whether these are submissions in a folder each, and perhaps their roster."""
    inside = {tuple(name.split("/")[1:]) for name in names if name != SAMPLES_ROSTER}
    folders = {parts[0] for parts in inside}
    return bool(folders) and all(
        any((folder, entry_point) in inside for entry_point in ENTRY_POINTS) for folder in folders
    )


def _imports_a_sample(files: Mapping[str, bytes]) -> bool:
    return any(
        _IMPORTS_A_SAMPLE.search(content)
        for name, content in files.items()
        if name.endswith(".py") and not name.startswith(SAMPLES_FOLDER)
    )

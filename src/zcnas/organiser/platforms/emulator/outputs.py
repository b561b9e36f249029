"""What a platform keeps and reads of a program's output: plain files, never what a link leads to.

Everything in an output folder may have been written by a submission.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from zcnas.hosted.regular_files import read_regular

MAX_SCORE = 1e10
"""A score is stored as DECIMAL(20,10): finite and below this."""
SCORE_DECIMALS = 10
MAX_SCORES_BYTES = 1 << 20


class StepFailed(Exception):  # noqa: N818 - what the platform shows, not an error of this program
    """The platform gives up on the submission; the message is what it shows."""


def keep(output: Path, kept: Path) -> list[str]:
    """Copy an output folder's plain files; return the names of links and special files left out."""
    left_out: list[str] = []

    def others(folder: str, names: list[str]) -> set[str]:
        strange = {name for name in names if not _is_plain(Path(folder, name))}
        left_out.extend(os.path.relpath(Path(folder, name), output) for name in sorted(strange))
        return strange

    shutil.copytree(output, kept, ignore=others, symlinks=True)
    return left_out


def write_status(output: Path, status: Mapping[str, object], refuses: bool) -> None:
    """Add the platform's ``metadata`` to an output folder.

    Raises:
        StepFailed: Something of that name is there, and the platform ``refuses`` it or cannot
            append to it.
    """
    path = output / "metadata"
    if refuses and os.path.lexists(path):
        raise StepFailed(
            "Error, the output directory already contains a metadata file. This file is used by "
            "the platform"
        )
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        with os.fdopen(os.open(path, flags, 0o644), "w") as file:
            file.write(yaml.safe_dump(dict(status)))
    except OSError as error:
        raise StepFailed(f"cannot write metadata: {error.strerror}") from None


def read_scores(output: Path) -> Any:
    """Return what a scoring program wrote, as JSON or else as YAML.

    Raises:
        StepFailed: It wrote neither, or something unreadable.
    """
    if (content := read_regular(output / "scores.json", MAX_SCORES_BYTES)) is not None:
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise StepFailed(f"Could not decode scores json properly: {error}") from None
    if (content := read_regular(output / "scores.txt", MAX_SCORES_BYTES)) is not None:
        try:
            return yaml.safe_load(content)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise StepFailed(f"Could not decode scores.txt: {error}") from None
    raise StepFailed("Could not find scores file, did the scoring program output it?")


def posted(scores: Any, columns: tuple[str, ...]) -> tuple[dict[str, float], str]:
    """Return the columns that a leaderboard stores, or none if one score cannot be stored."""
    if not isinstance(scores, dict):
        return {}, "no score is posted: the scores are not a mapping"
    for key, value in scores.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            return {}, f"no score is posted: {key} is {value!r}, not a number"
        if not math.isfinite(value) or abs(value) >= MAX_SCORE:
            return {}, f"no score is posted: {key} is {value}"
    known = {key: round(float(scores[key]), SCORE_DECIMALS) for key in columns if key in scores}
    missing = [key for key in columns if key not in scores]
    return known, f"columns without a score: {', '.join(missing)}" if missing else ""


def _is_plain(path: Path) -> bool:
    mode = path.lstat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)

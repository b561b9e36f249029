"""``<benchmark>.labels.json``: the labelled architectures that submissions of one track are given.

A submission of the track ``few-labels`` is told the accuracies of some architectures of each
benchmark and may fit itself to them. They belong to no draw, so nothing that is judged is among
them: the one exception to the rule that no accuracy is where a submission runs.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec

from zcnas.errors import InputDataError
from zcnas.words.json_files import read_json
from zcnas.words.records import Finite

SUFFIX = ".labels.json"
ROWS_PER_LABEL = 3
"""A table must have this many architectures for each label, or labels would be most of it."""


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An architecture whose accuracy is told.

    Attributes:
        spec: The search space's canonical string.
        accuracy: More is better; in the table's unit.
    """

    spec: str
    accuracy: Finite


class Labels(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``<benchmark>.labels.json``, beside the benchmark's input.

    Attributes:
        benchmark: The benchmark's key.
        metric: What the accuracies are, such as "test accuracy".
        unit: Their unit, such as "percent".
        labels: In the order in which they are handed out.
    """

    benchmark: str
    metric: str
    unit: str
    labels: Annotated[tuple[Label, ...], msgspec.Meta(min_length=1)]

    @property
    def sha256(self) -> str:
        """Digest of the content."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


def labels_path(folder: Path, key: str) -> Path:
    """Return where a benchmark's labels are, in a folder with input data."""
    return folder / f"{key}{SUFFIX}"


def read_labels(path: Path) -> Labels:
    """Return ``<benchmark>.labels.json``.

    Raises:
        InputDataError: The file is missing or malformed.
    """
    return read_json(path, Labels, InputDataError)

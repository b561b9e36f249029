"""The two files of one draw, read together: what ingestion is given and what scoring knows."""

from __future__ import annotations

from pathlib import Path

from zcnas.errors import ReferenceDataError
from zcnas.words.records import BenchmarkInput, Reference, read_input, read_reference


def read_both_halves(
    input_dir: Path, reference_dir: Path, key: str
) -> tuple[BenchmarkInput, Reference]:
    """Return ``<benchmark>.json`` from both folders: the two halves of one draw.

    Raises:
        InputDataError: The visible half is missing or malformed.
        ReferenceDataError: The hidden half is missing or malformed, or the two halves name
            different architectures.
    """
    name = f"{key}.json"
    data, reference = read_input(input_dir / name), read_reference(reference_dir / name)
    if {architecture.id for architecture in data.architectures} != set(reference.tokens):
        raise ReferenceDataError(
            f"{input_dir / name} and {reference_dir / name} name different architectures, so they "
            "come from different draws; draw both again with `zcnas sample`"
        )
    return data, reference

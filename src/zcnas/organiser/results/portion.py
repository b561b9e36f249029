"""What a results folder says if it holds one part of a run, and what several have together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from zcnas.errors import ResultsError
from zcnas.words.records import read_predictions
from zcnas.words.result_files import ResultFiles
from zcnas.words.text import plural


class Portion(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a run.

    Attributes:
        index: Which part, from 1.
        count: Of how many.
        division_sha256: Digest of what every part asks for; two runs have two of them.
        order: The architectures of each benchmark, in the order of the draw.
        units: Those this part asks for, by submission and benchmark.
    """

    index: int
    count: int
    division_sha256: str
    order: dict[str, tuple[str, ...]]
    units: dict[str, dict[str, tuple[str, ...]]]

    @property
    def name(self) -> str:
        """``3/8``."""
        return f"{self.index}/{self.count}"

    def asks(self, submission: str, benchmark: str) -> tuple[str, ...]:
        """Return the architectures it asks a submission for on a benchmark."""
        return self.units.get(submission, {}).get(benchmark, ())


def check_portions(portions: Mapping[Path, Portion | None]) -> None:
    """Refuse folders that are not all parts of one run, finished.

    Args:
        portions: What each folder says of itself; None for a whole run.

    Raises:
        ResultsError: A part is missing or unfinished, or they are of different runs.
    """
    parts = {folder: each for folder, each in portions.items() if each is not None}
    if not parts:
        return
    if whole := [folder for folder in portions if folder not in parts]:
        raise ResultsError(
            f"{whole[0]} holds a whole run and {next(iter(parts))} one part of a run; merge parts "
            "with each other first"
        )
    (first, known), *others = parts.items()
    for folder, part in others:
        if (part.count, part.division_sha256) != (known.count, known.division_sha256):
            raise ResultsError(
                f"{first} is part {known.name} and {folder} part {part.name} of two different "
                "runs: give every part the same submissions, phase, number of parts and version of "
                "zcnas"
            )
    there = {part.index for part in parts.values()}
    if missing := [index for index in range(1, known.count + 1) if index not in there]:
        names = ", ".join(f"{index}/{known.count}" for index in missing)
        raise ResultsError(
            f"{plural(len(missing), 'part')} of {known.count} missing: {names}; run `zcnas score "
            f"--part {missing[0]}/{known.count}` as the others were, then merge all of them"
        )
    for folder, part in parts.items():
        if lacking := unfinished(folder, part):
            shown = [*lacking[:3], "and more"] if len(lacking) > 3 else lacking
            raise ResultsError(
                f"part {part.name} in {folder} is unfinished (missing: {', '.join(shown)}); repeat "
                "its command to resume, then merge again"
            )


def unfinished(folder: Path, part: Portion) -> list[str]:
    """Return in words what a part has not asked for yet; empty if it is finished."""
    lacking: list[str] = []
    for submission, benchmarks in part.units.items():
        for key, ids in benchmarks.items():
            path = ResultFiles(folder / "submissions" / submission, key).predictions
            done = {each.id for each in read_predictions(path)} if path.is_file() else set[str]()
            if absent := [each for each in ids if each not in done]:
                lacking.append(f"{len(absent)} of {len(ids)} of {submission} on {key}")
    return lacking

"""The published tables: what was drawn with its accuracies, and what every entry answered."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from zcnas.judging.judge import Judgement
from zcnas.judging.outcomes import STATUS_NAMES
from zcnas.words.text import spreadsheet_text

Kind = Literal["text", "integer", "number"]
Cell = str | int | float | None


@dataclass(frozen=True)
class Column:
    """A column of a published table.

    Attributes:
        name: In the header.
        kind: Of its values.
        description: What it says, with its unit.
    """

    name: str
    kind: Kind
    description: str


@dataclass(frozen=True)
class Published:
    """A published table.

    Attributes:
        name: Of the file, without its ending.
        description: What a row is.
        columns: In their order.
    """

    name: str
    description: str
    columns: tuple[Column, ...]

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}.csv"


DRAW = Published(
    "draw",
    "A row per drawn architecture of each benchmark, with the accuracy it is ranked by.",
    (
        Column("benchmark", "text", "Search space and dataset."),
        Column("id", "text", "Random id under which the architecture was asked for."),
        Column("architecture", "text", "Canonical string of the architecture."),
        Column("accuracy", "number", "Performance after training, in the unit of its benchmark."),
        Column("unit", "text", "Unit of the accuracy."),
    ),
)
SCORES = Published(
    "scores",
    "A row per entry, benchmark and architecture: what the entry's predictor answered.",
    (
        Column("submission", "text", "Name of the entry."),
        Column("benchmark", "text", "Search space and dataset."),
        Column("id", "text", "Id of the architecture in draw.csv."),
        Column("status", "text", "What became of the query: ok, or how it failed."),
        Column("score", "number", "The predictor's score; empty where the query failed."),
        Column("cpu_time_s", "number", "CPU seconds of the query."),
    ),
)
TABLES = (DRAW, SCORES)


def write_tables(
    judgement: Judgement, specs: Mapping[str, Mapping[str, str]], folder: Path
) -> None:
    """Write ``draw.csv`` and ``scores.csv`` into a folder.

    Args:
        judgement: What the judge found.
        specs: Benchmark to id to architecture.
        folder: Where to.
    """
    _write(folder / DRAW.file, DRAW.columns, _drawn(judgement, specs))
    _write(folder / SCORES.file, SCORES.columns, _answered(judgement))


def _drawn(
    judgement: Judgement, specs: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of ``DRAW``, in the order of the ids."""
    for each in judgement.outcomes:
        key = each.benchmark.key
        for token, accuracy in sorted(zip(each.tokens, each.accuracies.tolist(), strict=True)):
            yield key, token, specs[key][token], accuracy, each.unit


def _answered(judgement: Judgement) -> Iterator[tuple[Cell, ...]]:
    for submission, row in sorted(judgement.rows.items()):
        name = spreadsheet_text(submission)
        for each in judgement.outcomes:
            answers = zip(
                each.tokens,
                each.statuses[row].tolist(),
                each.scores[row].tolist(),
                each.cpu_time_s[row].tolist(),
                strict=True,
            )
            for token, status, score, seconds in sorted(answers):
                shown = None if math.isnan(score) else score
                yield (
                    name,
                    each.benchmark.key,
                    token,
                    STATUS_NAMES[status],
                    shown,
                    round(seconds, 6),
                )


def _write(path: Path, columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in columns])
        writer.writerows(rows)

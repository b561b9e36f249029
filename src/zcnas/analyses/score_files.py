"""A researcher's own scores, from a CSV file: columns that every analysis takes in.

    benchmark,architecture,my_proxy
    nasbench201_cifar10,|nor_conv_3x3~0|+…,12.5

``benchmark`` may be left out if one benchmark is analysed. An empty cell is a failure; ``inf`` and
``-inf`` are scores. Everything else that is not a number is refused, with its line. A column
``seconds`` is no proxy: it holds the CPU seconds of a row's scores, which searches pay.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from zcnas.benchmarks import Benchmark
from zcnas.errors import AnalysisError, InvalidArchitecture
from zcnas.search_spaces import parse_spec
from zcnas.tables.published_scores import SENTINELS
from zcnas.tables.table import cell_key

ARCHITECTURE, BENCHMARK, SECONDS = "architecture", "benchmark", "seconds"

Own = dict[str, dict[str, float | None]]
"""Maps a column to an architecture to a score."""


def read_score_file(
    path: Path, benchmarks: Sequence[Benchmark], known: Mapping[str, Mapping[str, object]]
) -> dict[str, Own]:
    """Return the columns of scores of a score file, by benchmark.

    Args:
        path: The file.
        benchmarks: Those that are analysed; rows of others are passed over.
        known: Benchmark to the architectures of its accuracy table.

    Raises:
        AnalysisError: The file cannot be read, has no scores, or a row is wrong; the message names
            the line.
    """
    found = read_score_columns(path, benchmarks, known)
    return {
        key: {name: column for name, column in own.items() if name != SECONDS}
        for key, own in found.items()
    }


def read_score_columns(
    path: Path, benchmarks: Sequence[Benchmark], known: Mapping[str, Mapping[str, object]]
) -> dict[str, Own]:
    """Return all columns of a score file as ``read_score_file`` does, and ``seconds`` too.

    Raises:
        AnalysisError: As there; or seconds are negative or not finite.
    """
    chosen = {benchmark.key: benchmark for benchmark in benchmarks}
    cells = {
        key: {cell_key(parse_spec(chosen[key].search_space, text)): text for text in table}
        for key, table in known.items()
        if chosen[key].search_space == "nasbench101"
    }
    found: dict[str, Own] = {}
    lines: dict[tuple[str, str], int] = {}
    for line, key, text, scores in _rows(path, tuple(chosen)):
        if key not in chosen:
            continue
        place = f"line {line} of {path}"
        architecture = _architecture(text, chosen[key], known[key], cells.get(key), place)
        first = lines.setdefault((key, architecture), line)
        if first != line:
            raise AnalysisError(
                f"{place}: '{text}' of {key} occurs twice, first in line {first}; keep one"
            )
        for name, text_of in scores.items():
            number = _seconds if name == SECONDS else _score
            found.setdefault(key, {}).setdefault(name, {})[architecture] = number(
                text_of, f"{place}, column {name}"
            )
    if not found:
        raise AnalysisError(
            f"'{path}' has no scores for {', '.join(chosen)}; add rows of these benchmarks, or "
            "choose others with --benchmarks"
        )
    return found


def _rows(path: Path, keys: Sequence[str]) -> Iterator[tuple[int, str, str, dict[str, str]]]:
    """Yield (line, benchmark, architecture, column to text) of every row."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            header = reader.fieldnames or []
            _check_header(path, header, keys)
            names = [name for name in header if name not in (ARCHITECTURE, BENCHMARK)]
            for row in reader:
                if None in row or None in row.values():
                    raise AnalysisError(
                        f"line {reader.line_num} of {path} does not have the {len(header)} columns "
                        "of the header; quote cells that hold a comma"
                    )
                key = row.get(BENCHMARK, keys[0])
                yield reader.line_num, key, row[ARCHITECTURE], {n: row[n] for n in names}
    except OSError as error:
        raise AnalysisError(f"cannot read the score file '{path}': {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise AnalysisError(f"'{path}' is not a CSV file in UTF-8: {error}") from None


def _check_header(path: Path, header: Sequence[str], keys: Sequence[str]) -> None:
    if ARCHITECTURE not in header:
        raise AnalysisError(
            f"the header of '{path}' is {', '.join(header) or 'empty'}; it needs a column "
            f"'{ARCHITECTURE}', and one per proxy"
        )
    if len(set(header)) < len(header):
        raise AnalysisError(f"the header of '{path}' names a column twice: {', '.join(header)}")
    if not set(header) - {ARCHITECTURE, BENCHMARK, SECONDS}:
        raise AnalysisError(f"'{path}' has no column of scores beside {', '.join(header)}")
    if BENCHMARK not in header and len(keys) > 1:
        raise AnalysisError(
            f"'{path}' has no column '{BENCHMARK}', and {len(keys)} benchmarks are analysed; add "
            "the column, or name one benchmark with --benchmarks"
        )


def _architecture(
    text: str,
    benchmark: Benchmark,
    known: Mapping[str, object],
    cells: Mapping[str, str] | None,
    place: str,
) -> str:
    """Return the architecture as the accuracy table writes it."""
    try:
        spec = parse_spec(benchmark.search_space, text)
    except InvalidArchitecture as error:
        raise AnalysisError(
            f"{place} is not an architecture of {benchmark.search_space}: {error}"
        ) from None
    drawn = str(spec) if cells is None else cells.get(cell_key(spec), str(spec))
    if drawn not in known:
        raise AnalysisError(
            f"{place}: the accuracy table of {benchmark.key} does not contain '{text}'; it has "
            f"{len(known)} others, such as '{next(iter(known))}'"
        )
    return drawn


def _score(text: str, place: str) -> float | None:
    if not text.strip():
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise AnalysisError(
            f"{place}: '{text}' is not a number; leave the cell empty where your proxy failed "
            "(inf and -inf are scores)"
        )
    if number in SENTINELS:
        raise AnalysisError(
            f"{place}: {text} is NASLib's mark of a failure, not a score; leave the cell empty"
        )
    return number


def _seconds(text: str, place: str) -> float:
    """Return seconds; an empty cell is a score that cost nothing."""
    try:
        number = float(text or 0)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise AnalysisError(
            f"{place}: '{text}' is not a number of seconds; write the CPU seconds of the row's "
            "scores, 0 or more, or leave the column out"
        )
    return number

"""The papers' analyses, on published scores and on a researcher's own.

    result = run("generalisation", [get_benchmark("nasbench201_cifar10")], folder)
    write(result, Path("build/analyses"))

One module per analysis; ``ANALYSES`` is the table of them. They see accuracies and scores, and run
no submission; nothing here is imported by the programs of a platform. Needs the extra ``research``.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from zcnas.analyses import bias, deeper_look, generalisation, information, reduced, surrogate
from zcnas.analyses.result import Result, write
from zcnas.analyses.score_files import read_score_file
from zcnas.analyses.study import Study, load_study
from zcnas.benchmarks import BENCHMARKS, Benchmark
from zcnas.errors import AnalysisError
from zcnas.tables import nas_bench_suite_zero
from zcnas.tables.published_scores import load_scores
from zcnas.tables.suite_zero_file import PUBLISHER

__all__ = [
    "ANALYSES",
    "Result",
    "Study",
    "available",
    "load_study",
    "run",
    "scored_architectures",
    "write",
]

Analysis = Callable[[Sequence[Study]], Result]

ANALYSES: dict[str, Analysis] = {
    "generalisation": generalisation.analyse,
    "bias": bias.analyse,
    "information": information.analyse,
    "surrogate": surrogate.analyse,
    "deeper-look": deeper_look.analyse,
    reduced.NAME: reduced.analyse,
}
"""Name to function; ``zcnas analyse NAME``."""


def run(
    name: str,
    benchmarks: Sequence[Benchmark],
    folder: Path | None,
    score_file: Path | None = None,
) -> Result:
    """Run one analysis.

    Args:
        name: A key of ``ANALYSES``.
        benchmarks: The benchmarks to analyse.
        folder: The folder of accuracy tables.
        score_file: A researcher's own scores, a CSV file (``score_files``).

    Raises:
        AnalysisError: The name is unknown, a benchmark cannot be analysed, or the score file is
            wrong.
        TableError: A table is missing or damaged, or has no scores.
    """
    if name not in ANALYSES:
        raise AnalysisError(f"unknown analysis '{name}'; analyses: {', '.join(ANALYSES)}")
    started = time.process_time()
    own = {}
    if score_file is not None:
        known = {b.key: nas_bench_suite_zero.load(b, folder).accuracies for b in benchmarks}
        own = read_score_file(score_file, benchmarks, known)
    studies = [load_study(each, folder, own.get(each.key)) for each in benchmarks]
    result = ANALYSES[name](studies)
    result.cpu_s = time.process_time() - started
    return result


def scored_architectures(benchmark: Benchmark, folder: Path | None) -> list[str]:
    """Return the architectures of a benchmark that most proxies have published scores of.

    One proxy of NAS-Bench-201 alone has scores of the whole space.

    Raises:
        TableError: The table is missing or damaged, or has no scores.
    """
    columns = load_scores(benchmark, folder).scores.values()
    known = Counter(
        text for column in columns for text, score in column.items() if score is not None
    )
    return sorted(text for text, count in known.items() if count > len(columns) / 2)


def available(folder: Path | None) -> list[Benchmark]:
    """Return the benchmarks whose published scores are in a folder.

    Raises:
        AnalysisError: There are none.
    """
    if folder is not None:
        files = {b.search_space: f"zc_{b.search_space}.json" for b in BENCHMARKS.values()}
        found = [b for b in BENCHMARKS.values() if (folder / files[b.search_space]).is_file()]
        if found:
            return found
    raise AnalysisError(
        "there are no published scores to analyse; set ZCNAS_DATA to the folder that holds "
        f"zc_<search space>.json, from {PUBLISHER}"
    )

"""A submission asked about the architectures of accuracy tables: its scores, as a file.

What the analyses and searches take in beside the published scores is a CSV file
(``analyses.score_files``). A submission becomes one by a run like any other: the same back ends,
limits and files, resumed by the same command. Its truth is the researcher's own table.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from zcnas.analyses.score_files import ARCHITECTURE, BENCHMARK, SECONDS
from zcnas.benchmarks import get_benchmark
from zcnas.errors import AnalysisError
from zcnas.organiser.competition import Halves
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.phases import Phase, load_phase
from zcnas.tables.published_scores import PROXIES
from zcnas.words.combined import read_outcomes
from zcnas.words.forged_names import parse_forged_name
from zcnas.words.records import Architecture, BenchmarkInput, write_json
from zcnas.words.resources import PHASES_FILE, package_file
from zcnas.words.result_files import ResultFiles
from zcnas.words.seeds import derive_token

TERMS = "full"
"""The phase whose limits and batch sizes are used: it has all benchmarks but forged ones."""
INPUTS, RESULTS, SCORES = "input", "results", "scores.csv"


def open_phase(keys: Sequence[str]) -> Phase:
    """Return the phase of a run on tables that whoever runs it has before them.

    Raises:
        PhaseError: It has no benchmark of a key.
    """
    phase = load_phase(package_file(PHASES_FILE), TERMS)
    forged = (key for key in keys if parse_forged_name(get_benchmark(key).dataset.name))
    phase = msgspec.structs.replace(phase, benchmarks=(*phase.benchmarks, *forged)).only(list(keys))
    return msgspec.structs.replace(phase, truth="public", feedback="full", require_confinement=None)


def write_inputs(phase: Phase, architectures: Mapping[str, Sequence[str]], folder: Path) -> None:
    """Write what is asked: benchmark to its architectures, in an order that tells nothing."""
    for benchmark in phase.get_benchmarks():
        tokens = {
            derive_token(TERMS, benchmark.key, text): text for text in architectures[benchmark.key]
        }
        data = BenchmarkInput(
            benchmark=benchmark.key,
            search_space=benchmark.search_space,
            dataset=benchmark.dataset.name,
            batch_size=phase.batch_size_of(benchmark),
            eval_seed=phase.eval_seed,
            architectures=tuple(Architecture(token, tokens[token]) for token in sorted(tokens)),
        )
        write_json(folder / f"{benchmark.key}.json", data)


def write_scores(results: ResultsFolder, halves: Halves, path: Path) -> Path:
    """Write the scores of a run's only submission as a file of the form that analyses take in.

    The column has the submission's name, after ``my_`` if a published proxy is called the same; the
    last one holds the CPU seconds of each query.

    Raises:
        AnalysisError: The submission was refused, or answered nothing.
        PredictionError: A file of the run is missing or malformed.
    """
    (record,) = results.submissions()
    if problem := record.refusal or record.fault:
        raise AnalysisError(f"'{record.name}' has no scores: {problem}")
    answered = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        name = f"my_{record.name}" if record.name in (*PROXIES, SECONDS) else record.name
        writer.writerow([BENCHMARK, ARCHITECTURE, name, SECONDS])
        for key, data in halves.inputs.items():
            specs = {each.id: each.spec for each in data.architectures}
            for outcome in read_outcomes(ResultFiles(results.folder_of(record.name), key)):
                known = outcome.status == "ok"
                answered += known
                score = outcome.value if known else ""
                writer.writerow([key, specs[outcome.id], score, f"{outcome.cpu_time_s:.3f}"])
    if not answered:
        raise AnalysisError(
            f"'{record.name}' answered none of its queries; see why with "
            f"`zcnas status {results.path}`"
        )
    return path

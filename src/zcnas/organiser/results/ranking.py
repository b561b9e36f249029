"""From stored predictions to entries and the leaderboard.

``zcnas score`` ends with it, and ``zcnas rank`` does it again without running anything. What a
benchmark's predictions amount to is kept beside them (``outcome.json``) under the digests of all it
follows from: the predictions' bytes, the accuracies, and the programs that count. Every file is
read and digested each time, so what is kept is never out of date; what it spares is decoding and
counting pairs. The failure rule is applied after that, so another one costs nothing.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import msgspec

import zcnas.judging.metrics
import zcnas.judging.score
import zcnas.records
from zcnas.errors import PredictionError, ZcnasError
from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.judging.score import MISSING, BenchmarkScore, Scores, score_benchmark
from zcnas.judging.standings import rank_entries
from zcnas.organiser.results.folder import ResultsFolder, RunRecord, SubmissionRecord, read_manifest
from zcnas.phases import Phase
from zcnas.records import Reference, parse_predictions, read_json, write_json
from zcnas.result_files import ResultFiles

OUTCOME = "outcome.json"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the predictions of one benchmark amount to, whatever the failure rule.

    Attributes:
        predictions_sha256: Digest of the predictions file; "" if there is none.
        reference_sha256: Digest of the accuracies it was compared with.
        tau: None if the scores say nothing: all equal, or all failed.
        failures: Failed architectures by status.
        wall_time_s: Of all queries.
        cpu_time_s: Of all queries.
    """

    predictions_sha256: str
    reference_sha256: str
    tau: float | None
    failures: dict[str, int]
    wall_time_s: float
    cpu_time_s: float

    def under(self, failure_tau: float) -> BenchmarkScore:
        """Return the benchmark's score under a failure rule."""
        tau = failure_tau if self.tau is None else self.tau
        return BenchmarkScore(tau, Counter(self.failures), self.wall_time_s, self.cpu_time_s)


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """``<submission>/outcome.json``.

    Attributes:
        counted_by: Digest of the programs that counted.
        method: What the submission calls itself.
        benchmarks: One outcome per benchmark.
    """

    counted_by: str
    method: str
    benchmarks: dict[str, Outcome]


def digest_of_reference(reference: Reference) -> str:
    """Return the SHA-256 of a benchmark's accuracies and their order."""
    return hashlib.sha256(msgspec.json.encode(reference.accuracies)).hexdigest()


def entry_of(
    record: SubmissionRecord,
    folder: Path,
    phase: Phase,
    references: Mapping[str, tuple[Reference, str]],
) -> Entry:
    """Score a submission's stored predictions, write ``scores.json``, and return its entry.

    A fault of our machines gives no score.

    Args:
        record: The submission.
        folder: Its results.
        phase: Benchmarks and the failure rule.
        references: Benchmark to the hidden half and its digest.
    """
    if record.fault:
        (folder / "scores.json").unlink(missing_ok=True)
        return organiser_error(record.name, record.fault)
    try:
        outcomes = _outcomes_of(folder, phase, references)
        scores = Scores(
            {key: outcomes.benchmarks[key].under(phase.failure_tau) for key in phase.benchmarks}
        )
        if missing := scores.failures[MISSING]:
            return organiser_error(
                record.name,
                f"not finished: {missing} architectures are missing; repeat the command to resume",
            )
        _write_if_new(folder / "scores.json", scores.columns())
    except (ZcnasError, OSError) as error:
        return organiser_error(record.name, str(error))
    return Entry(
        submission=record.name,
        method=outcomes.method or record.name,
        score=scores.score,
        kendall_tau={key: result.tau for key, result in scores.benchmarks.items()},
        status="invalid_submission" if record.refusal else "scored",
        failures=dict(scores.failures),
        wall_time_s=round(scores.wall_time_s, 3),
        cpu_time_s=round(scores.cpu_time_s, 3),
        message=record.refusal,
        baseline=bool(record.derived_from),
        sha256="" if record.refusal or record.derived_from else record.sha256,
    )


def organiser_error(name: str, message: str) -> Entry:
    """Return the entry of a submission our machines could not score."""
    return Entry(
        submission=name,
        method="",
        score=None,
        kendall_tau={},
        status="organiser_error",
        failures={},
        wall_time_s=0.0,
        cpu_time_s=0.0,
        message=message,
    )


def leaderboard_of(
    phase: Phase, run: RunRecord, references: Mapping[str, Reference], entries: list[Entry]
) -> Leaderboard:
    """Return the leaderboard of some entries, in their order of arrival."""
    bindings = {key: run.benchmarks[key] for key in phase.benchmarks}
    sources = {key: binding.data_source for key, binding in bindings.items()}
    architectures = max(binding.architectures for binding in bindings.values())
    return Leaderboard(
        phase=phase.name,
        title=(
            f"{phase.title} phase · {architectures} architectures per benchmark · "
            f"isolation: {run.isolation} · images: {'; '.join(sorted(set(sources.values())))}"
        ),
        isolation=run.isolation_description,
        contained=run.isolation != "process" if run.contained is None else run.contained,
        data_sources=sources,
        accuracy_sources={key: reference.provenance for key, reference in references.items()},
        benchmarks=phase.benchmarks,
        entries=rank_entries(entries),
    )


def rank_again(
    results: ResultsFolder, phase: Phase, references: Mapping[str, Reference]
) -> Leaderboard:
    """Return the leaderboard of every submission in a results folder, running nothing.

    Raises:
        ResultsError: No run has used the folder.
    """
    run = results.bound()
    digested = {key: (each, digest_of_reference(each)) for key, each in references.items()}
    entries = []
    for record in results.submissions():
        folder = results.folder_of(record.name)
        entries.append(entry_of(record, folder, phase, digested))
    return leaderboard_of(phase, run, references, entries)


def _outcomes_of(
    folder: Path, phase: Phase, references: Mapping[str, tuple[Reference, str]]
) -> Outcomes:
    """Return what a submission's predictions amount to; compute only what has changed."""
    path = folder / OUTCOME
    known = _read_outcomes(path)
    outcomes = {
        key: _outcome(
            ResultFiles(folder, key).predictions,
            *references[key],
            known.benchmarks.get(key) if known else None,
        )
        for key in phase.benchmarks
    }
    if known and all(known.benchmarks.get(key) is each for key, each in outcomes.items()):
        return known
    fresh = Outcomes(
        counted_by=_counting_programs(),
        method=_method_of(folder, phase),
        benchmarks={**(known.benchmarks if known else {}), **outcomes},
    )
    write_json(path, fresh)
    return fresh


def _read_outcomes(path: Path) -> Outcomes | None:
    """Return what is kept; None if nothing is, or other programs have counted it."""
    try:
        known = read_json(path, Outcomes, PredictionError)
    except PredictionError:
        return None
    return known if known.counted_by == _counting_programs() else None


@functools.lru_cache(1)
def _counting_programs() -> str:
    """Return the digest of the modules that say what predictions amount to."""
    digest = hashlib.sha256()
    for module in (zcnas.judging.score, zcnas.judging.metrics, zcnas.records):
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()


def _outcome(path: Path, reference: Reference, digest: str, known: Outcome | None) -> Outcome:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = None
    read = "" if content is None else hashlib.sha256(content).hexdigest()
    if known and (known.predictions_sha256, known.reference_sha256) == (read, digest):
        return known
    result = score_benchmark(parse_predictions(content or b"", path), reference, math.nan)
    return Outcome(
        predictions_sha256=read,
        reference_sha256=digest,
        tau=None if math.isnan(result.tau) else result.tau,
        failures=dict(result.failures),
        wall_time_s=result.wall_time_s,
        cpu_time_s=result.cpu_time_s,
    )


def _method_of(folder: Path, phase: Phase) -> str:
    for key in phase.benchmarks:
        manifest = read_manifest(ResultFiles(folder, key).manifest)
        if manifest is not None:
            return manifest.public.method
    return ""


def _write_if_new(path: Path, columns: dict[str, float]) -> None:
    try:
        if msgspec.json.decode(path.read_bytes()) == columns:
            return
    except (OSError, msgspec.MsgspecError):
        pass
    write_json(path, columns)

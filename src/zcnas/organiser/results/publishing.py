"""From a run's results to what is published: order of arrival, statistics, files, site.

    OUT/leaderboard.json + OUT/submissions/<name>/ + references + OUT/submissions.csv
        ──▶ publish ──▶ OUT/leaderboard.json, .csv with intervals and groups, OUT/leaderboard/

Runs after scoring and never changes a score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from zcnas.errors import PredictionError
from zcnas.feedback import FEEDBACK
from zcnas.judging.leaderboard import Entry, Leaderboard, write_leaderboard
from zcnas.judging.outcomes import Analysis, Collector, analyse
from zcnas.judging.standings import arrange
from zcnas.judging.statistics import RESAMPLES, first_probabilities, rank_groups
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.pages import About
from zcnas.pages.site import Run, write_site
from zcnas.phases import Phase
from zcnas.records import Manifest, Reference, read_json, read_predictions
from zcnas.result_files import ResultFiles
from zcnas.submissions.roster import ARRIVALS_FILE, read_arrivals

SITE_FOLDER = "leaderboard"


def publish(
    leaderboard: Leaderboard,
    phase: Phase,
    references: Mapping[str, Reference],
    out: Path,
    *,
    site: Path | None = None,
    specs: Mapping[str, Mapping[str, str]] | None = None,
    draw_seed: str | None = None,
    after_deadline: bool = False,
    resamples: int = RESAMPLES,
) -> Leaderboard:
    """Write the leaderboard with its statistics, and the site, and return the leaderboard.

    Args:
        leaderboard: What scoring found.
        phase: The phase, with the benchmarks that were scored.
        references: Benchmark to the hidden half.
        out: Folder of the run.
        site: Folder for the pages; ``OUT/leaderboard`` by default.
        specs: Benchmark to id to architecture, for the benchmarks' pages.
        draw_seed: The phase's, where it is known.
        after_deadline: Show everything, seeds included, whatever the phase's feedback.
        resamples: Of the bootstrap.

    Raises:
        ArrivalsError: ``OUT/submissions.csv`` is malformed.
        PredictionError: Predictions are missing or malformed.
    """
    results = ResultsFolder(out)
    arrivals = read_arrivals(out / ARRIVALS_FILE)
    entries = arrange(leaderboard.entries, arrivals, phase.counts)
    scored = [entry for entry in entries if entry.score is not None]
    ordered = {key: references[key] for key in phase.benchmarks}
    collector = Collector(ordered, len(scored))
    for row, entry in enumerate(scored):
        folder = results.folder_of(entry.submission)
        collector.add(
            row,
            {
                key: read_predictions(path)
                for key in phase.benchmarks
                if (path := ResultFiles(folder, key).predictions).is_file()
            },
        )
    outcomes = collector.outcomes()
    taus = np.array([[entry.kendall_tau[key] for key in phase.benchmarks] for entry in scored])
    analysis = analyse(
        phase.name,
        outcomes,
        phase.failure_tau,
        taus.reshape(len(scored), len(ordered)),
        resamples,
    )
    rows = {entry.submission: row for row, entry in enumerate(scored)}
    entries = _with_statistics(entries, rows, analysis, phase.benchmarks)
    published = msgspec.structs.replace(leaderboard, entries=entries)
    write_leaderboard(published, out)
    open_to_all = after_deadline or phase.truth == "public"
    run = Run(
        leaderboard=published,
        phase=phase,
        outcomes=outcomes,
        analysis=analysis,
        rows=rows,
        show=FEEDBACK["full" if after_deadline else phase.feedback],
        about=lambda entry: _about(results.folder_of(entry.submission), entry, phase.benchmarks),
        specs=specs if specs and open_to_all else {},
        seeds=_seeds(phase, draw_seed, show=open_to_all),
    )
    write_site(run, site or out / SITE_FOLDER)
    return published


def _with_statistics(
    entries: Sequence[Entry],
    rows: Mapping[str, int],
    analysis: Analysis,
    benchmarks: Sequence[str],
) -> tuple[Entry, ...]:
    ranked = [entry for entry in entries if entry.rank is not None]
    indices = [rows[entry.submission] for entry in ranked]
    resampled = analysis.resampled_means[indices]
    groups = rank_groups(analysis.means[indices], resampled)
    firsts = first_probabilities(resampled) if ranked else np.empty(0)
    place = {entry.submission: number for number, entry in enumerate(ranked)}
    finished = []
    for entry in entries:
        row, number = rows.get(entry.submission), place.get(entry.submission)
        if row is not None:
            low, high = analysis.mean_intervals[row].tolist()
            entry = msgspec.structs.replace(
                entry,
                score_interval=(low, high),
                tau_intervals={
                    key: tuple(analysis.intervals[row, column].tolist())
                    for column, key in enumerate(benchmarks)
                },
                rank_group=None if number is None else groups[number],
                first_probability=None if number is None else round(float(firsts[number]), 4),
            )
        finished.append(entry)
    return tuple(finished)


def _about(folder: Path, entry: Entry, benchmarks: Sequence[str]) -> About:
    """Return what a submission's folder tells beside its predictions."""
    manifests, logs = {}, {}
    for key in benchmarks:
        files = ResultFiles(folder, key)
        manifest, log = files.manifest, files.log
        if manifest.is_file():
            manifests[key] = read_json(manifest, Manifest, PredictionError).public
        if log.is_file():
            logs[key] = log.read_text(encoding="utf-8", errors="replace")
    method = entry.method or entry.submission
    return About(submission=entry.submission, method=method, manifests=manifests, logs=logs)


def _seeds(phase: Phase, draw_seed: str | None, *, show: bool) -> list[tuple[str, str]]:
    later = "shown after the deadline"
    drawn = phase.draw_seed or draw_seed
    return [
        ("Draw seed: which architectures", (drawn or "not recorded") if show else later),
        ("Evaluation seed: initial weights, minibatch", str(phase.eval_seed) if show else later),
    ]

"""The one judge: everything a leaderboard follows from goes in, the leaderboard comes out.

    contest (phase, accuracies, predictions, roster) ──▶ judge ──▶ order, teams, intervals, rank
    groups, chances of being first

Nothing else makes a leaderboard, so the same results give the same one, whichever command asks.
Every predictions file is read once. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from zcnas.errors import PredictionError, ZcnasError
from zcnas.judging.board_cache import BoardCache
from zcnas.judging.judged_rows import JudgedRows
from zcnas.judging.leaderboard import Entry, Leaderboard
from zcnas.judging.outcomes import Analysis, Collector, Outcomes
from zcnas.judging.score import Predictions, Scores, read_submission, score_submission
from zcnas.judging.standings import arrange
from zcnas.judging.statistics import RESAMPLES, first_probabilities, rank_groups
from zcnas.phases import Phase
from zcnas.words.records import MISSING, Arrival, Reference
from zcnas.words.shares import architectures_words
from zcnas.words.tracks import ZERO_SHOT, Track


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A submission that is to be judged.

    Attributes:
        name: Its name.
        folder: Where its predictions are.
        method: What it calls itself; "" for its name.
        sha256: Digest of its content; "" if it was refused or derived.
        refusal: Why it was refused; "" if it was accepted.
        fault: Why our machines could not run it; "" if they could.
        derived: Whether its predictions were computed from others'.
        track: The track it states.
    """

    name: str
    folder: Path
    method: str = ""
    sha256: str = ""
    refusal: str = ""
    fault: str = ""
    derived: bool = False
    track: Track = ZERO_SHOT


@dataclass(frozen=True, kw_only=True)
class Contest:
    """Everything a leaderboard follows from.

    Attributes:
        phase: Benchmarks, and the rules for failures and teams.
        references: Benchmark to the hidden half, for every benchmark of the phase.
        contenders: The submissions, in any order.
        roster: Who submitted what, and when, as far as that is known.
        isolation: Where they ran, in one word.
        isolation_description: The same in words.
        contained: Whether they could reach neither files nor network.
        data_sources: Benchmark to where its images come from.
    """

    phase: Phase
    references: Mapping[str, Reference]
    contenders: Sequence[Contender]
    roster: Mapping[str, Arrival] = field(default_factory=dict)
    isolation: str
    isolation_description: str
    contained: bool
    data_sources: Mapping[str, str]


@dataclass(frozen=True)
class Judgement:
    """A leaderboard, and what its pages are drawn from.

    Attributes:
        leaderboard: Every entry, in the order of the ranking.
        scores: Submission to its scores; none of one that our machines could not score.
        outcomes: One per benchmark.
        analysis: Of those.
        rows: Submission to its row in outcomes and analysis.
        keys: Submission to a digest of all that its scores and analysis follow from; none without
            a cache.
    """

    leaderboard: Leaderboard
    scores: Mapping[str, Scores]
    outcomes: Sequence[Outcomes]
    analysis: Analysis
    rows: Mapping[str, int]
    keys: Mapping[str, str] = field(default_factory=dict)


def judge(
    contest: Contest, resamples: int = RESAMPLES, cache: BoardCache | None = None
) -> Judgement:
    """Return the leaderboard of a contest.

    A submission whose predictions are missing or malformed is an ``organiser_error``, without a
    score, and stops no other.

    Args:
        contest: What is judged.
        resamples: Of the bootstrap.
        cache: Of earlier boards: an entry in it is not computed again; the result is the same.

    Raises:
        ArrivalsError: The roster says too little for the phase's rule.
    """
    phase = contest.phase
    references = {key: contest.references[key] for key in phase.benchmarks}
    collector = Collector(references, len(contest.contenders))
    memory = JudgedRows(cache, phase, references, resamples)
    scores: dict[str, Scores] = {}
    entries: list[Entry] = []
    known: dict[int, Analysis] = {}
    new: dict[int, tuple[str, Path]] = {}
    keys: dict[str, str] = {}
    for contender in contest.contenders:
        row, key = len(scores), memory.key_of(contender.folder)
        try:
            recalled = None if contender.fault else memory.find(key, collector.benchmarks)
            predictions = {} if recalled else _predictions_of(contender, phase)
            outcome = (
                recalled.scores
                if recalled
                else score_submission(predictions, references, phase.failure_tau)
            )
            entries.append(_entry(contender, outcome))
        except (ZcnasError, OSError) as error:
            entries.append(_organiser_error(contender.name, str(error)))
            continue
        scores[contender.name] = outcome
        keys[contender.name] = key
        if recalled:
            collector.put(row, recalled.outcomes)
            known[row] = recalled.analysis
        else:
            collector.add(row, predictions)
            new[row] = key, contender.folder
    outcomes = collector.outcomes(len(scores))
    analysis = memory.analyse(outcomes, list(scores.values()), known, new)
    rows = {name: row for row, name in enumerate(scores)}
    arranged = arrange(entries, contest.roster, phase.counts)
    board = _leaderboard(contest, _with_statistics(arranged, rows, analysis, phase.benchmarks))
    return Judgement(board, scores, outcomes, analysis, rows, keys)


def _predictions_of(contender: Contender, phase: Phase) -> Predictions:
    """Return what a contender's folder holds.

    Raises:
        PredictionError: Our machines have not finished it, or a file is malformed.
    """
    if contender.fault:
        raise PredictionError(contender.fault)
    return read_submission(contender.folder, phase.benchmarks)


def _entry(contender: Contender, scores: Scores) -> Entry:
    """Return a contender's entry, not ranked yet.

    Raises:
        PredictionError: Architectures are missing.
    """
    if missing := scores.failures[MISSING]:
        raise PredictionError(
            f"not finished: {missing} architectures are missing; repeat the command to resume"
        )
    return Entry(
        submission=contender.name,
        method=contender.method or contender.name,
        track=contender.track,
        score=scores.score,
        kendall_tau=scores.taus,
        status="invalid_submission" if contender.refusal else "scored",
        answered=scores.answered,
        failures=dict(scores.failures),
        wall_time_s=round(scores.wall_time_s, 3),
        cpu_time_s=round(scores.cpu_time_s, 3),
        message=contender.refusal,
        baseline=contender.derived,
        sha256="" if contender.refusal or contender.derived else contender.sha256,
    )


def _organiser_error(name: str, message: str) -> Entry:
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


def _leaderboard(contest: Contest, entries: tuple[Entry, ...]) -> Leaderboard:
    phase = contest.phase
    sources = {key: contest.data_sources[key] for key in phase.benchmarks}
    references = [contest.references[key] for key in phase.benchmarks]
    return Leaderboard(
        phase=phase.name,
        share=references[0].share,
        title=(
            f"{phase.title} phase · {architectures_words(references)} per benchmark · "
            f"isolation: {contest.isolation} · images: {'; '.join(sorted(set(sources.values())))}"
        ),
        isolation=contest.isolation_description,
        contained=contest.contained,
        data_sources=sources,
        accuracy_sources={key: contest.references[key].provenance for key in phase.benchmarks},
        benchmarks=phase.benchmarks,
        entries=entries,
    )


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
                tau_intervals=dict(
                    zip(benchmarks, map(tuple, analysis.intervals[row].tolist()), strict=True)
                ),
                rank_group=None if number is None else groups[number],
                first_probability=None if number is None else round(float(firsts[number]), 4),
            )
        finished.append(entry)
    return tuple(finished)

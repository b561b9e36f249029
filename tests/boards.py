"""Runs and their leaderboards, made by the programs that the commands use."""

import msgspec

from zcnas.judging.judge import judge
from zcnas.judging.leaderboard import write_leaderboard
from zcnas.organiser.results.contest import read_contest
from zcnas.organiser.results.folder import (
    SUBMISSION,
    BenchmarkBinding,
    ResultsFolder,
    RunRecord,
    SubmissionRecord,
)
from zcnas.organiser.results.publishing import SiteOptions, publish
from zcnas.words.records import write_json
from zcnas.words.result_files import ResultFiles


def board_of(results, phase, references, resamples=100):
    """Return the leaderboard of a results folder."""
    return judge(read_contest(results, phase, references), resamples).leaderboard


def score(competition, submissions):
    """Run a competition, write its leaderboard, and return that."""
    competition.run(submissions)
    results = ResultsFolder(competition.output)
    board = board_of(results, competition.phase, competition.halves.references)
    write_leaderboard(board, competition.output)
    return board


def publish_run(out, phase, references, *, resamples=100, **options):
    """Judge a results folder, write its files and pages, and return the leaderboard."""
    results = ResultsFolder(out)
    judgement = judge(read_contest(results, phase, references), resamples)
    publish(judgement, phase, results, SiteOptions(**options))
    return judgement.leaderboard


def bind(
    out, phase, references, isolation="docker (one CPU, no network, read-only)", contained=True
):
    """Return a results folder that a run of a phase has just started to use."""
    results = ResultsFolder(out)
    bindings = {
        key: BenchmarkBinding(
            input_sha256="0",
            minibatch_sha256="0",
            data_source="synthetic fallback",
            architectures=len(references[key].accuracies),
            limits=phase.limits,
        )
        for key in phase.benchmarks
    }
    results.bind(
        RunRecord(
            phase=phase.name,
            isolation=isolation.split()[0],
            isolation_description=isolation,
            contained=contained,
            program_sha256="",
            image="",
            benchmarks=bindings,
        )
    )
    return results


def enter(results, name, predictions, **record):
    """Write a submission's record and predictions into a results folder; return its own folder."""
    fields = {"name": name, "sha256": name, "refusal": "", "position": 0, **record}
    folder = results.folder_of(name)
    write_json(folder / SUBMISSION, SubmissionRecord(**fields))
    for key, lines in predictions.items():
        content = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        ResultFiles(folder, key).predictions.write_bytes(content)
    return folder

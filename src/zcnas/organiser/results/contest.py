"""A results folder as the judge sees it: the run's facts, its submissions, who sent them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zcnas.judging.judge import Contender, Contest
from zcnas.organiser.results.folder import ResultsFolder, SubmissionRecord
from zcnas.organiser.results.manifests import read_manifest
from zcnas.phases import Phase
from zcnas.submissions.roster import ARRIVALS_FILE, read_arrivals
from zcnas.words.records import Reference, Share, read_input, read_reference
from zcnas.words.result_files import ResultFiles
from zcnas.words.shares import check_shares, share_of


def read_contest(
    results: ResultsFolder, phase: Phase, references: Mapping[str, Reference]
) -> Contest:
    """Return what the leaderboard of a results folder follows from: every submission in it.

    Args:
        results: The folder of a run, finished or not.
        phase: The phase, with the benchmarks that are judged.
        references: Benchmark to the hidden half.

    Raises:
        ResultsError: No run has used the folder.
        ArrivalsError: ``OUT/submissions.csv`` is malformed.
    """
    run = results.bound()
    return Contest(
        phase=phase,
        references=references,
        contenders=tuple(
            _contender(record, results.folder_of(record.name), phase)
            for record in results.submissions()
        ),
        roster=read_arrivals(results.path / ARRIVALS_FILE),
        isolation=run.isolation,
        isolation_description=run.isolation_description,
        contained=run.isolation != "process" if run.contained is None else run.contained,
        data_sources={key: each.data_source for key, each in run.benchmarks.items()},
    )


def read_truth(
    phase: Phase, references: Path, *, after_deadline: bool = False
) -> dict[str, Reference]:
    """Return the hidden half of each of a phase's benchmarks, from their folder.

    In a phase that keeps architectures back, that is the share of it that is shown, or the one that
    decides after the deadline.

    Raises:
        ReferenceDataError: One is missing, malformed, or not divided as the phase says.
    """
    truth = {key: read_reference(references / f"{key}.json") for key in phase.benchmarks}
    for reference in truth.values():
        check_shares(phase, reference)
    share: Share = "deciding" if after_deadline else "shown"
    return {key: share_of(reference, share) for key, reference in truth.items()}


def read_specs(phase: Phase, inputs: Path) -> dict[str, dict[str, str]]:
    """Return each benchmark's architectures by id, from the folder of the visible halves.

    Raises:
        InputDataError: One is missing or malformed.
    """
    return {
        key: {each.id: each.spec for each in read_input(inputs / f"{key}.json").architectures}
        for key in phase.benchmarks
    }


def _contender(record: SubmissionRecord, folder: Path, phase: Phase) -> Contender:
    return Contender(
        name=record.name,
        folder=folder,
        method=_method_of(folder, phase),
        sha256=record.sha256,
        refusal=record.refusal,
        fault=record.fault,
        derived=bool(record.derived_from),
        track=record.track,
    )


def _method_of(folder: Path, phase: Phase) -> str:
    """Return what a submission calls itself, by the first manifest there is."""
    for key in phase.benchmarks:
        manifest = read_manifest(ResultFiles(folder, key).manifest)
        if manifest is not None:
            return manifest.public.method
    return ""

"""The vote of synflow, jacov and snip as a row of the leaderboard, from their stored predictions.

A vote compares architectures with each other (``zcnas.tables.vote``), so no submission can return
it. It is derived here from three submissions that a run has scored, and marked as derived and as a
baseline wherever it is shown. Nothing is run.
"""

from __future__ import annotations

import hashlib

import msgspec

from zcnas.errors import ResultsError
from zcnas.organiser.results.folder import (
    SUBMISSION,
    ResultsFolder,
    SubmissionRecord,
)
from zcnas.organiser.results.manifests import read_manifest
from zcnas.tables.vote import VOTERS, vote
from zcnas.words.combined import read_outcomes
from zcnas.words.records import Manifest, Prediction, write_json
from zcnas.words.result_files import ResultFiles

NAME = "vote"
METHOD = f"derived from the scores of {', '.join(VOTERS)}: pairwise majority"


def enter_vote(results: ResultsFolder) -> None:
    """Write the vote's predictions, record and manifests beside those it is derived from.

    An architecture that no voter scored has failed; its times are the voters' together.

    Raises:
        ResultsError: No run has used the folder, a voter is missing in it or unfinished, or a
            submission that is not a vote has the vote's name.
    """
    with results.locked():
        run = results.bound()
        others = [each for each in results.submissions() if not each.derived_from]
        names = [each.name for each in others]
        if NAME in names:
            raise ResultsError(
                f"a submission in {results.path} is called '{NAME}'; rename it and score it again "
                "to make room for the derived row"
            )
        if missing := [name for name in VOTERS if name not in names]:
            raise ResultsError(
                f"the vote needs {', '.join(VOTERS)}, but {results.path} has no "
                f"{', '.join(missing)}; score them first, with the same --out"
            )
        digest = hashlib.sha256()
        for key, binding in run.benchmarks.items():
            _enter_benchmark(results, key, binding.architectures, digest)
        record = SubmissionRecord(
            name=NAME,
            sha256=digest.hexdigest(),
            refusal="",
            position=1 + max(each.position for each in others),
            derived_from=VOTERS,
        )
        write_json(results.folder_of(NAME) / SUBMISSION, record)


def _enter_benchmark(
    results: ResultsFolder, key: str, architectures: int, digest: hashlib._Hash
) -> None:
    """Write the vote's predictions and manifest of one benchmark."""
    columns: dict[str, dict[str, Prediction]] = {}
    for name in VOTERS:
        files = ResultFiles(results.folder_of(name), key)
        found = read_outcomes(files) if files.predictions.is_file() else []
        columns[name] = {each.id: each for each in found}
        if len(found) != architectures:
            raise ResultsError(
                f"{files.predictions} has {len(found)} of {architectures} architectures; repeat "
                "the `zcnas score` that started it to resume"
            )
        digest.update(files.predictions.read_bytes())
    ids = list(columns[VOTERS[0]])
    votes = vote({name: [columns[name][each].value for each in ids] for name in VOTERS})
    lines = [
        msgspec.json.encode(_prediction(count, [columns[name][each] for name in VOTERS]))
        for each, count in zip(ids, votes, strict=True)
    ]
    path = ResultFiles(results.folder_of(NAME), key).predictions
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    _write_manifest(results, key)


def _prediction(count: float, voters: list[Prediction]) -> Prediction:
    scored = any(each.status == "ok" for each in voters)
    return Prediction(
        id=voters[0].id,
        status="ok" if scored else "error",
        score=count if scored else None,
        wall_time_s=sum(each.wall_time_s for each in voters),
        cpu_time_s=sum(each.cpu_time_s for each in voters),
        peak_memory_mb=max(each.peak_memory_mb for each in voters),
        message="" if scored else f"{', '.join(VOTERS)} all failed",
    )


def _write_manifest(results: ResultsFolder, key: str) -> None:
    """Write the manifest of the first voter with what is the vote's own; none if it has none."""
    manifests = [
        read_manifest(ResultFiles(results.folder_of(name), key).manifest) for name in VOTERS
    ]
    known = [each.public for each in manifests if each is not None]
    if manifests[0] is None:
        return
    public = msgspec.structs.replace(
        manifests[0].public,
        submission=NAME,
        submission_sha256="",
        method=METHOD,
        setup_wall_s=sum(each.setup_wall_s for each in known),
        worker_starts=sum(each.worker_starts for each in known),
        wall_time_s=sum(each.wall_time_s for each in known),
        cpu_time_s=sum(each.cpu_time_s for each in known),
    )
    path = ResultFiles(results.folder_of(NAME), key).manifest
    write_json(path, Manifest(public=public, organiser=manifests[0].organiser))

"""Two results folders become one: runs of one phase that were made apart, on two machines say."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from zcnas.errors import ArrivalsError, ResultsError
from zcnas.organiser.competition.predictions_file import PredictionsFile
from zcnas.organiser.results.folder import (
    SUBMISSION,
    ResultsFolder,
    RunRecord,
    SubmissionRecord,
    differences_between,
    join_manifests,
    read_manifest,
)
from zcnas.organiser.results.portion import Portion, check_portions
from zcnas.records import Arrival, Prediction, read_predictions, write_json
from zcnas.result_files import ResultFiles
from zcnas.submissions.roster import ARRIVALS_FILE, read_arrivals, write_arrivals


def merge(sources: Sequence[Path], target: Path) -> ResultsFolder:
    """Write the results of several folders into one, and return it.

    An architecture that two of them have counts once; its scores must agree to the last bit. What
    was derived from others stays behind; `zcnas rank --vote` derives it again.

    Raises:
        ResultsError: They are of different runs, a submission's content or an architecture's
            outcome differs, there is something at ``target``, or a part of a run is missing.
    """
    if target.exists() and any(target.iterdir()):
        raise ResultsError(f"{target} is not empty; name a new folder for the merged results")
    merged = ResultsFolder(target)
    records = [_record_of(source) for source in sources]
    portion = records[0].portion
    check_portions(
        {source: record.portion for source, record in zip(sources, records, strict=True)}
    )
    for source, record in zip(sources[1:], records[1:], strict=True):
        if differences := differences_between(records[0], record):
            raise ResultsError(
                f"{sources[0]} and {source} are of different runs:"
                + "".join(f"\n  - {line}" for line in differences)
                + "\nOnly results of one phase, with the same limits and programs, can be merged"
            )
        records[0] = msgspec.structs.replace(
            records[0], benchmarks={**records[0].benchmarks, **record.benchmarks}
        )
    records[0] = msgspec.structs.replace(records[0], portion=None)
    roster = _joined_rosters(sources)
    with merged.locked():
        merged.bind(records[0])
        if roster:
            write_arrivals(target / ARRIVALS_FILE, roster)
        for source in sources:
            for one in ResultsFolder(source).submissions():
                if not one.derived_from:
                    _merge_submission(ResultsFolder(source), one, merged, records[0])
        if portion is not None:
            _judge_times(merged, records[0], portion)
    return merged


def _judge_times(merged: ResultsFolder, run: RunRecord, portion: Portion) -> None:
    """Bring what several parts have asked for into the draw's order and under its time limits."""
    for record in merged.submissions():
        for key, binding in run.benchmarks.items():
            path = ResultFiles(merged.folder_of(record.name), key).predictions
            if path.is_file():
                PredictionsFile(path, key, portion.order[key]).finish(binding.limits)


def _joined_rosters(sources: Sequence[Path]) -> dict[str, Arrival]:
    """Return the rows of all folders' ``submissions.csv``.

    Raises:
        ArrivalsError: Two of them say different things of one submission.
    """
    joined: dict[str, Arrival] = {}
    for source in sources:
        for name, row in read_arrivals(source / ARRIVALS_FILE).items():
            if joined.setdefault(name, row) != row:
                raise ArrivalsError(
                    f"{source / ARRIVALS_FILE} says something else of {name} than the file of "
                    "another folder; make the two rows the same"
                )
    return joined


def _record_of(source: Path) -> RunRecord:
    record = ResultsFolder(source).record()
    if record is None:
        raise ResultsError(f"{source} holds no run; name folders that `zcnas score` has written")
    return record


def _merge_submission(
    sources: ResultsFolder, record: SubmissionRecord, merged: ResultsFolder, run: RunRecord
) -> None:
    source, target = sources.folder_of(record.name), merged.folder_of(record.name)
    path = target / SUBMISSION
    if path.exists():
        known = msgspec.json.decode(path.read_bytes(), type=SubmissionRecord)
        if known.sha256 != record.sha256:
            raise ResultsError(
                f"the submission '{record.name}' has the content {known.sha256[:16]} in one folder "
                f"and {record.sha256[:16]} in {sources.path}; merge only results of one content"
            )
        record = msgspec.structs.replace(
            record, position=min(known.position, record.position), fault=""
        )
    write_json(path, msgspec.structs.replace(record, fault=""))
    for key in run.benchmarks:
        found, there = ResultFiles(source, key), ResultFiles(target, key)
        _merge_predictions(found.predictions, there.predictions)
        manifest = read_manifest(found.manifest)
        if manifest is not None:
            write_json(there.manifest, join_manifests(read_manifest(there.manifest), manifest))
        _append(found.log, there.log)


def _merge_predictions(source: Path, target: Path) -> None:
    if not source.is_file():
        return
    if not target.is_file():
        shutil.copyfile(source, target)
        return
    known = {prediction.id: prediction for prediction in read_predictions(target)}
    added: list[Prediction] = []
    for prediction in read_predictions(source):
        twin = known.get(prediction.id)
        if twin is None:
            added.append(prediction)
        elif (twin.status, twin.score) != (prediction.status, prediction.score):
            raise ResultsError(
                f"{source} says {prediction.status}, {prediction.score} of "
                f"{prediction.id}, another folder {twin.status}, {twin.score}; were they scored on "
                "CPUs of different kinds?"
            )
    with target.open("ab") as file:
        file.writelines(msgspec.json.encode(prediction) + b"\n" for prediction in added)


def _append(source: Path, target: Path) -> None:
    if source.is_file():
        with target.open("ab") as log:
            log.write(source.read_bytes())

"""Two results folders become one: runs of one phase that were made apart, on two machines say."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
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
)
from zcnas.organiser.results.manifests import join_manifests, read_manifest
from zcnas.organiser.results.portion import Portion, check_portions
from zcnas.submissions.roster import ARRIVALS_FILE, read_arrivals, write_arrivals
from zcnas.words.combined import (
    Combined,
    answers_of,
    digest_of_answers,
    read_combined,
    read_outcomes,
)
from zcnas.words.records import Arrival, Prediction, read_predictions, write_json
from zcnas.words.result_files import ResultFiles


def merge(sources: Sequence[Path], target: Path) -> ResultsFolder:
    """Write the results of several folders into one, and return it.

    An architecture that two of them have counts once; its scores must agree to the last bit. What
    was derived from others stays behind; `zcnas rank --vote` derives it again. Nothing is run, so
    answers in parts that no folder has combined as a whole stay as they are: see ``outstanding``.

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
        for files in _files_of(merged):
            _merge_combined(sources, files)
    return merged


def _judge_times(merged: ResultsFolder, run: RunRecord, portion: Portion) -> None:
    """Bring what several parts have asked for into the draw's order and under its time limits."""
    for record in merged.submissions():
        for key, binding in run.benchmarks.items():
            path = ResultFiles(merged.folder_of(record.name), key).predictions
            if path.is_file():
                PredictionsFile(path, key, portion.order[key]).finish(binding.limits)


def outstanding(results: ResultsFolder) -> list[tuple[str, str]]:
    """Return the (submission, benchmark) whose answers in parts are complete and not combined.

    Raises:
        ResultsError: No run has used the folder.
        PredictionError: A file is malformed.
    """
    sizes = {key: each.architectures for key, each in results.bound().benchmarks.items()}
    found = []
    for files in _files_of(results):
        told = read_outcomes(files)
        if len(told) == sizes[files.benchmark] and any(each.is_open for each in told):
            found.append((files.folder.name, files.benchmark))
    return found


def _files_of(results: ResultsFolder) -> Iterator[ResultFiles]:
    """Yield the files of every submission on every benchmark that has predictions."""
    for record in results.submissions():
        for key in results.bound().benchmarks:
            files = ResultFiles(results.folder_of(record.name), key)
            if files.predictions.is_file():
                yield files


def _merge_combined(sources: Sequence[Path], target: ResultFiles) -> None:
    """Copy the scores that a source has made of the very answers that are now together.

    Raises:
        ResultsError: Two sources have made different scores of them.
    """
    answers = digest_of_answers(answers_of(read_predictions(target.predictions)))
    kept: Combined | None = None
    for source in sources:
        place = ResultsFolder(source).folder_of(target.folder.name)
        found = read_combined(ResultFiles(place, target.benchmark))
        if found is None or found.answers_sha256 != answers:
            continue
        if kept is not None and (kept.status, kept.scores) != (found.status, found.scores):
            raise ResultsError(
                f"{place} has other combined scores of {target.benchmark} than another folder; "
                "were they made on CPUs of different kinds?"
            )
        kept = kept or found
    if kept is not None:
        write_json(target.combined, kept)


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
        elif _answer_of(twin) != _answer_of(prediction):
            raise ResultsError(
                f"{source} says {', '.join(map(str, _answer_of(prediction)))} of "
                f"{prediction.id}, another folder {', '.join(map(str, _answer_of(twin)))}; were "
                "they scored on CPUs of different kinds?"
            )
    with target.open("ab") as file:
        file.writelines(msgspec.json.encode(prediction) + b"\n" for prediction in added)


def _answer_of(prediction: Prediction) -> tuple[object, ...]:
    parts = prediction.parts
    return prediction.status, prediction.score if parts is msgspec.UNSET else parts


def _append(source: Path, target: Path) -> None:
    if source.is_file():
        with target.open("ab") as log:
            log.write(source.read_bytes())

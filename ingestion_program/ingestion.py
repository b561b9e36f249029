"""The ingestion program as CodaLab and Codabench start it.

    input data + submission ──▶ ingestion ──▶ one sealed record

A platform's container has no limits and shares its user with the submission, so this program brings
what can be brought: an emptied output folder, one CPU, a deadline below the platform's, a record
kept in memory, sealed line by line and compared with the file at the end. A submission's own
command, which Codabench runs in a second container, sees neither this program's folder nor the
input data, which lies in it. A fault of the participant is a line of the record and exit code 0, so
that scoring runs; a fault of the platform's machine leaves no score (exit code 1).
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from zcnas.datasets import Minibatch
from zcnas.datasets.frozen import load_minibatch_beside
from zcnas.errors import InvalidSubmission, OrganiserError, ZcnasError
from zcnas.hosted.phase import HostedPhase, read_hosted_phase
from zcnas.hosted.run_record import Ended, Failed, Refused, Start
from zcnas.hosted.seals import take_key
from zcnas.ingestion.changes import take_snapshot
from zcnas.ingestion.ingest import IngestionJob, ingest_and_combine
from zcnas.ingestion.inputs import read_checked_input, read_checked_labels
from zcnas.ingestion.sealed_record import BenchmarkRecord, SealedRecord, sealed_record
from zcnas.ingestion.shared_container import (
    empty,
    end_all_other_processes,
    forbid_inspection,
    idlest_cpu,
    keep_only,
    process_start,
    remove,
)
from zcnas.isolation.process import ProcessIsolation
from zcnas.submissions import Submission, check_track, digest_of, open_submission
from zcnas.words.feedback import shown
from zcnas.words.labels import Labels
from zcnas.words.records import BenchmarkInput
from zcnas.worker.confinement import missing_features

PROGRAM = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Task:
    """What a submission is run on; read before the submission starts, and then only in memory.

    Attributes:
        hosted: The phase, and the platform's time limit.
        inputs: Its benchmarks' architectures.
        minibatches: Its benchmarks' images.
        labels: Its benchmarks' labelled architectures; None for each without any.
        digests: SHA-256 of every file of the input data by name.
    """

    hosted: HostedPhase
    inputs: list[BenchmarkInput]
    minibatches: list[Minibatch]
    labels: list[Labels | None]
    digests: dict[str, str]


def main() -> None:
    """Ask the submission for every architecture of the phase in the input data."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--input-data", type=Path, required=True, help="folder with phase.json, <benchmark>.json"
    )
    parser.add_argument("--submission", type=Path, required=True, help="folder with predictor.py")
    parser.add_argument("--output", type=Path, required=True, help="folder for the record")
    parser.add_argument(
        "--hidden", default="", help="folder where CodaLab mounts the reference data; emptied"
    )
    arguments = parser.parse_args()
    forbid_inspection()
    try:
        if arguments.hidden:
            remove_truth(Path(arguments.hidden))
        key = take_key(PROGRAM)
        empty(arguments.output)
        with sealed_record(arguments.output, key) as record:
            try:
                run(arguments.input_data, arguments.submission, record)
            except ZcnasError as error:
                record.add(Failed(reason=str(error)))
                raise
        keep_only(arguments.output, record.files)
    except OSError as error:
        sys.exit(f"error: this machine failed: {error}")
    except ZcnasError as error:
        sys.exit(f"error: {error}")


def remove_truth(folder: Path) -> None:
    """Remove the reference data, which CodaLab mounts beside the submission.

    Raises:
        OrganiserError: It cannot be removed.
    """
    try:
        for path in folder.iterdir() if folder.is_dir() else ():
            remove(path)
    except OSError as error:
        raise OrganiserError(
            f"the reference data is mounted beside the submission and cannot be removed: {error}"
        ) from None


def run(input_data: Path, submitted: Path, record: SealedRecord) -> None:
    """Record what a submission answers on every benchmark, or why it was refused.

    Raises:
        ZcnasError: The input data cannot be read, this machine cannot confine a submission as the
            phase demands, or it cannot start a worker.
    """
    task = take_task(input_data)
    unconfined = missing_features()
    if unconfined and task.hosted.phase.must_be_confined:
        raise OrganiserError(
            f"this machine's kernel lacks {' and '.join(unconfined)}, so a submission could read "
            f"what is hidden; phase '{task.hosted.phase.name}' requires that it be confined: use "
            "another machine, or set require_confinement = false in phases.toml"
        )
    with tempfile.TemporaryDirectory(prefix="zcnas-") as private:
        try:
            submission = open_submission(submitted, Path(private) / "submission")
            check_track(submission, task.hosted.phase)
        except InvalidSubmission as error:
            record.belongs_to(start_of(task, "", unconfined))
            reason = "; ".join(error.problems)
        else:
            record.belongs_to(start_of(task, submission.sha256, unconfined))
            reason = ask(submission, submitted, task, record)
    if reason:
        print(f"the submission was refused: {reason}")
        record.add(Refused(reason=reason))
    record.add(Ended(wall_time_s=round(time.monotonic() - process_start(), 3)))


def take_task(input_data: Path) -> Task:
    """Return what is in the input data; if it lies in this program's folder, delete it there.

    Raises:
        InputDataError: A file is missing or malformed.
        OrganiserError: It cannot be deleted.
    """
    hosted = read_hosted_phase(input_data)
    memory_mb = hosted.phase.limits.memory_mb
    files = [input_data / f"{each}.json" for each in hosted.phase.benchmarks]
    inputs = [read_checked_input(file, memory_mb) for file in files]
    minibatches = [load_minibatch_beside(input_data, data) for data in inputs]
    labels = [read_checked_labels(input_data, data, hosted.phase.labels) for data in inputs]
    there = [path for path in input_data.iterdir() if path.is_file()]
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in there}
    if PROGRAM in input_data.resolve().parents:
        try:
            remove(input_data)
        except OSError as error:
            raise OrganiserError(
                f"{input_data} cannot be deleted ({error.strerror}), so the submission could read "
                "it; the platform must let a program write to its own folder"
            ) from None
    return Task(hosted, inputs, minibatches, labels, digests)


def start_of(task: Task, submission_sha256: str, unconfined: tuple[str, ...]) -> Start:
    """Return the record's first line."""
    return Start(
        phase=task.hosted.phase.name,
        files=task.digests,
        submission_sha256=submission_sha256,
        limits=task.hosted.phase.limits,
        unconfined=unconfined,
        started_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    )


def ask(submission: Submission, submitted: Path, task: Task, record: SealedRecord) -> str:
    """Ask for every architecture of every benchmark; return why the submission is refused, if so.

    The time left is divided again before each benchmark, so that a slow one cannot take the others'
    share; and our own program is looked at again.

    Raises:
        OrganiserError: It is not what it was, or this machine cannot start a worker.
    """
    cpu = idlest_cpu()
    end = process_start() + task.hosted.deadline_s
    feedback = shown(task.hosted.phase)
    before, own_digest = take_snapshot(submitted, submission.folder), digest_of(PROGRAM)
    for number, data in enumerate(task.inputs):
        now = time.monotonic()
        if digest_of(PROGRAM) != own_digest:
            raise OrganiserError("our program was changed while the submission ran")
        job = IngestionJob(
            data=data,
            minibatch=task.minibatches[number],
            submission=submission.folder,
            submission_name="submission",
            submission_sha256=submission.sha256,
            program=PROGRAM,
            limits=task.hosted.phase.limits,
            cpu=cpu,
            track=submission.track,
            labels=task.labels[number],
            deadline=now + max(0.0, end - now) / (len(task.inputs) - number),
        )
        kept = BenchmarkRecord(record, data.benchmark, feedback)
        public = ingest_and_combine(job, ProcessIsolation(), kept).public
        end_all_other_processes()
        if changed := before.changed_in(take_snapshot(submitted, submission.folder)):
            return (
                f"its files were changed while it ran on {data.benchmark} ({changed}); write to "
                "the folder named by TMPDIR, not to the submission's own"
            )
        if feedback.failures:
            print(
                f"{data.benchmark}: {public.architectures} architectures in "
                f"{public.wall_time_s:.0f} s, {kept.failed} failed"
            )
    return ""


if __name__ == "__main__":
    main()

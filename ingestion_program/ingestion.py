"""The ingestion program as CodaLab and Codabench start it.

    input data + submission ──▶ ingestion ──▶ predictions, seals, manifests and logs

A platform's container has no limits and shares its user with the submission, so this program brings
what can be brought: an emptied output folder, one CPU, a deadline below the platform's, records
kept in memory, sealed line by line and compared with the file at the end. A fault of the
participant is a status in the predictions and exit code 0, so that scoring runs; a fault of the
platform's machine leaves no score (``organiser_error.txt`` and exit code 1).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from zcnas.datasets.frozen import load_hosted_minibatch
from zcnas.errors import InvalidSubmission, ZcnasError
from zcnas.hosted.phase import ORGANISER_ERROR_FILE, HostedPhase, read_hosted_phase
from zcnas.hosted.seals import take_key
from zcnas.ingestion.ingest import IngestionJob, ingest
from zcnas.ingestion.sealed_records import sealed_records
from zcnas.ingestion.shared_container import (
    empty,
    end_all_other_processes,
    forbid_inspection,
    idlest_cpu,
    keep_only,
    process_start,
)
from zcnas.isolation.process import ProcessIsolation
from zcnas.records import BenchmarkInput, Prediction, read_input
from zcnas.result_files import ResultFiles
from zcnas.submissions import Submission, open_submission

PROGRAM = Path(__file__).resolve().parent


def main() -> None:
    """Ask the submission for every architecture of the phase in the input data."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--input-data", type=Path, required=True, help="folder with phase.json, <benchmark>.json"
    )
    parser.add_argument("--submission", type=Path, required=True, help="folder with predictor.py")
    parser.add_argument("--output", type=Path, required=True, help="folder for the predictions")
    arguments = parser.parse_args()
    forbid_inspection()
    key = take_key(PROGRAM)
    empty(arguments.output)
    try:
        run(arguments.input_data, arguments.submission, arguments.output, key)
    except ZcnasError as error:
        (arguments.output / ORGANISER_ERROR_FILE).write_text(f"{error}\n")
        sys.exit(f"error: {error}")


def run(input_data: Path, submitted: Path, output: Path, key: bytes | None) -> None:
    """Record what a submission answers on every benchmark; if it is refused, it fails on all.

    Raises:
        ZcnasError: The input data cannot be read, or this machine cannot start a worker.
    """
    hosted = read_hosted_phase(input_data)
    benchmarks = hosted.phase.benchmarks
    inputs = [read_input(input_data / f"{each}.json") for each in benchmarks]
    with tempfile.TemporaryDirectory(prefix="zcnas-") as private:
        try:
            submission = open_submission(submitted, Path(private) / "submission")
        except InvalidSubmission as error:
            refuse("; ".join(error.problems), inputs, output, key)
        else:
            ask(submission, hosted, inputs, input_data, output, key)
    keep_only(output, [path for each in benchmarks for path in ResultFiles(output, each)])


def refuse(reason: str, inputs: list[BenchmarkInput], output: Path, key: bytes | None) -> None:
    """Record that every architecture failed, since the submission was not run."""
    print(f"the submission was not run: {reason}")
    for data in inputs:
        with sealed_records(output, data.benchmark, key) as records:
            for architecture in data.architectures:
                records.add_prediction(
                    Prediction(id=architecture.id, status="error", message=reason)
                )


def ask(
    submission: Submission,
    hosted: HostedPhase,
    inputs: list[BenchmarkInput],
    input_data: Path,
    output: Path,
    key: bytes | None,
) -> None:
    """Ask for every architecture of every benchmark.

    The time left is divided again before each benchmark, so that a slow one cannot take the others'
    share.
    """
    cpu = idlest_cpu()
    end = process_start() + hosted.deadline_s
    for number, data in enumerate(inputs):
        now = time.monotonic()
        job = IngestionJob(
            data=data,
            minibatch=load_hosted_minibatch(input_data, data),
            submission=submission.folder,
            submission_name="submission",
            submission_sha256=submission.sha256,
            program=PROGRAM,
            limits=hosted.phase.limits,
            cpu=cpu,
            deadline=now + max(0.0, end - now) / (len(inputs) - number),
        )
        with sealed_records(output, data.benchmark, key) as records:
            public = ingest(job, ProcessIsolation(), records).public
            end_all_other_processes()
        print(
            f"{data.benchmark}: {public.architectures} architectures in "
            f"{public.wall_time_s:.0f} s, {records.failed} failed"
        )


if __name__ == "__main__":
    main()

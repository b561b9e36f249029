"""The ingestion program.

Asks a submission for one score per architecture and records what came back.

    input_data/<benchmark>.json ──▶ ingestion ──▶ <benchmark>.predictions.jsonl, .manifest.json,
    .log

The recorder (``recorder.py``) holds clock, order and limits, this module the files; the worker
(``worker.py``) holds the predictor. The organiser's runner has it start workers in containers; on a
platform ``on_platform.py`` has it start them as subprocesses. Ingestion records; it sees no
accuracy and judges nothing.
"""

from __future__ import annotations

import contextlib
import datetime
import time

import msgspec

from zcnas.errors import OrganiserError
from zcnas.ingestion.logs import CappedLog
from zcnas.ingestion.recorder import IngestionJob, Recorder
from zcnas.isolation import Isolation
from zcnas.records import Manifest, write_json
from zcnas.result_files import ResultFiles

__all__ = ["IngestionJob", "ingest"]


def ingest(job: IngestionJob, isolation: Isolation) -> Manifest:
    """Ask for every architecture of a benchmark.

    Write predictions, manifest and log; return the manifest. A first manifest is there before the
    first prediction, so an interrupted benchmark has one as well.

    Raises:
        OrganiserError: This machine failed; the lines written so far stay.
    """
    try:
        return _ingest(job, isolation)
    except OSError as error:
        raise OrganiserError(
            f"cannot write the results to {job.output}: {error.strerror or error}; "
            "free some space there, or name another OUT="
        ) from None


def _ingest(job: IngestionJob, isolation: Isolation) -> Manifest:
    job.output.mkdir(parents=True, exist_ok=True)
    files = ResultFiles(job.output, job.data.benchmark)
    started_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    start = time.monotonic()
    with (
        CappedLog(files.log, job.limits.log_kb * 1024) as log,
        contextlib.closing(Recorder(job, isolation, log)) as recorder,
        files.predictions.open("wb") as lines,
    ):
        for number, architecture in enumerate(job.data.architectures):
            prediction = recorder.ask(architecture)
            if number == 0:
                write_json(files.manifest, recorder.manifest(started_at, time.monotonic() - start))
            lines.write(msgspec.json.encode(prediction) + b"\n")
            lines.flush()
            log.raise_failure()
            job.on_prediction(prediction)
    manifest = recorder.manifest(started_at, time.monotonic() - start)
    write_json(files.manifest, manifest)
    return manifest

"""The ingestion: asks a submission for one score per architecture and tells what came back.

    IngestionJob ──▶ ingest ──▶ a sink: predictions, manifests, log

The recorder (``recorder.py``) holds clock, order and limits; the worker (``worker.py``) holds the
predictor. The organiser's run has it start workers in containers; on a platform
``ingestion_program/ingestion.py`` has it start them as subprocesses. Ingestion records; it sees no
accuracy and judges nothing.
"""

from __future__ import annotations

import contextlib
import datetime
import time

from zcnas.ingestion.combining import combine
from zcnas.ingestion.gauge import AGE_AT_END_S, EVERY_S
from zcnas.ingestion.job import IngestionJob
from zcnas.ingestion.logs import CappedLog
from zcnas.ingestion.recorder import Recorder
from zcnas.ingestion.sinks import CombiningSink, Sink
from zcnas.isolation import Isolation
from zcnas.words.combined import answers_of, combined_of, in_order
from zcnas.words.records import Architecture, Manifest, Prediction

__all__ = ["IngestionJob", "ingest", "ingest_and_combine"]


def ingest(job: IngestionJob, isolation: Isolation, sink: Sink) -> Manifest:
    """Ask for every architecture of a benchmark and return the manifest.

    Everything is told to the sink at once. A first manifest comes before the first prediction, so
    an interrupted benchmark has one as well. A query with a second chance is told of once, at the
    end.

    Raises:
        OrganiserError: This machine failed; what was told so far stands.
        OSError: The sink could not keep what it was told.
    """
    started_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    start = time.monotonic()
    with (
        contextlib.closing(CappedLog(sink.add_log, job.limits.log_kb * 1024)) as log,
        contextlib.closing(Recorder(job, isolation, log)) as recorder,
    ):
        again: list[Architecture] = []
        for number, architecture in enumerate(job.data.architectures):
            prediction = recorder.ask(architecture)
            if number == 0:
                sink.add_manifest(recorder.manifest(started_at, time.monotonic() - start))
            log.raise_failure()
            if recorder.grants_second_chance(prediction):
                again.append(architecture)
            else:
                sink.add_prediction(prediction)
            recorder.recalibrate(EVERY_S)
        for architecture in again:
            sink.add_prediction(recorder.ask(architecture))
            log.raise_failure()
        recorder.recalibrate(AGE_AT_END_S)
    manifest = recorder.manifest(started_at, time.monotonic() - start)
    sink.add_manifest(manifest)
    return manifest


def ingest_and_combine(job: IngestionJob, isolation: Isolation, sink: CombiningSink) -> Manifest:
    """Ask for every architecture, have answers in parts combined, and return the manifest.

    For whoever has all of a benchmark's architectures in one job.

    Raises:
        OrganiserError: This machine failed; what was told so far stands.
        OSError: The sink could not keep what it was told.
    """
    kept = _Keeping(sink)
    manifest = ingest(job, isolation, kept)
    answers = in_order(answers_of(kept.predictions), job.data)
    if answers:
        outcome = combine(job, tuple(answers.values()), isolation, sink.add_log)
        sink.add_combined(combined_of(job.data.benchmark, answers, outcome))
    return manifest


class _Keeping:
    """Passes on what an ingestion tells, and keeps the predictions."""

    def __init__(self, sink: Sink) -> None:
        self.predictions: list[Prediction] = []
        self._sink = sink

    def add_manifest(self, manifest: Manifest) -> None:
        self._sink.add_manifest(manifest)

    def add_prediction(self, prediction: Prediction) -> None:
        self.predictions.append(prediction)
        self._sink.add_prediction(prediction)

    def add_log(self, text: str) -> None:
        self._sink.add_log(text)

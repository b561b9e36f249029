"""The ingestion program.

Asks a submission for one score per architecture and records what came back.

    input_data/<benchmark>.json ──▶ ingestion ──▶ <benchmark>.predictions.jsonl, .manifest.json,
    .log

This is the recorder. It holds clock, order, limits and the predictions file; the worker
(``worker.py``) holds the predictor. The organiser's runner has it start workers in containers; on a
platform ``on_platform.py`` has it start them as subprocesses. Ingestion records; it sees no
accuracy and judges nothing.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from zcnas import __version__
from zcnas.benchmarks import get_benchmark
from zcnas.channel import (
    HELLO_NONCE,
    MAX_ANSWER_BYTES,
    NONCE_BYTES,
    Answer,
    Query,
    Setup,
    receive_frame,
    send_frame,
)
from zcnas.datasets import Minibatch
from zcnas.errors import OrganiserError, WorkerFault
from zcnas.isolation import Isolation, Worker, WorkerPlace
from zcnas.logs import CappedLog
from zcnas.machine import Machine, cpu_model
from zcnas.phases import Limits
from zcnas.records import (
    Architecture,
    BenchmarkInput,
    Manifest,
    OrganiserManifest,
    Prediction,
    PublicManifest,
    Status,
    encode_score,
    write_json,
)
from zcnas.seeds import derive_seed

START_LIMIT_S = 120
"""Wall seconds a worker may take to say hello; nothing of the participant's runs before that."""
GRACE_S = 5
"""Wall seconds a worker has beyond a limit to report it before it is stopped from outside."""
MAX_METHOD_LENGTH = 60


@dataclass(frozen=True)
class IngestionJob:
    """One submission on one benchmark.

    Attributes:
        data: The benchmark's architectures.
        minibatch: What the dataloader yields.
        submission: The participant's folder.
        submission_name: Its name on the leaderboard.
        submission_sha256: Digest of its content.
        program: Folder with ``worker.py`` and the modules it imports.
        limits: The phase's limits.
        cpu: The CPU the worker may use.
        output: Folder for predictions, manifest and log.
        machine: Who else is using the machine.
        on_prediction: Called after each architecture, for progress.
        deadline: ``time.monotonic()`` after which no query runs; None for no such moment.
    """

    data: BenchmarkInput
    minibatch: Minibatch
    submission: Path
    submission_name: str
    submission_sha256: str
    program: Path
    limits: Limits
    cpu: int
    output: Path
    machine: Machine = field(default_factory=Machine)
    on_prediction: Callable[[Prediction], None] = lambda prediction: None
    deadline: float | None = None


def ingest(job: IngestionJob, isolation: Isolation) -> Manifest:
    """Ask for every architecture of a benchmark.

    Write predictions, manifest and log; return the manifest.

    Raises:
        OrganiserError: This machine failed; the lines written so far stay.
    """
    job.output.mkdir(parents=True, exist_ok=True)
    stem = job.output / job.data.benchmark
    started_at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    start = time.monotonic()
    with (
        CappedLog(stem.with_suffix(".log"), job.limits.log_kb * 1024) as log,
        contextlib.closing(Recorder(job, isolation, log)) as recorder,
        stem.with_suffix(".predictions.jsonl").open("wb") as lines,
    ):
        for architecture in job.data.architectures:
            prediction = recorder.ask(architecture)
            lines.write(msgspec.json.encode(prediction) + b"\n")
            lines.flush()
            job.on_prediction(prediction)
    manifest = recorder.manifest(started_at, time.monotonic() - start)
    write_json(stem.with_suffix(".manifest.json"), manifest)
    return manifest


class Recorder:
    """Asks one architecture after the other and decides what became of it.

    A worker is started when the first architecture is asked, and again when one was lost. What
    comes from it after it has loaded the submission is a claim: times are measured here, and only
    the frame of the query in flight counts.
    """

    def __init__(self, job: IngestionJob, isolation: Isolation, log: CappedLog) -> None:
        self._job = job
        self._isolation = isolation
        self._log = log
        self._worker: Worker | None = None
        self._query_wall_s = 0.0
        self._waits_for_us = True
        self._cpu_of_ended_workers = 0.0
        self._claimed_cpu_time_s = 0.0
        self._setup_status: Status = "not_reached"
        self._setup_message = ""
        self._method = job.submission_name
        self._versions = ""
        self._start_up_s = 0.0
        self._setup_wall_s = 0.0
        self._worker_starts = 0

    def ask(self, architecture: Architecture) -> Prediction:
        """Return what became of one architecture.

        Raises:
            OrganiserError: No worker could be started on this machine.
        """
        limits, machine = self._job.limits, self._job.machine
        if (
            self._query_wall_s > limits.benchmark_wall_s
            or self.cpu_time_s() > limits.benchmark_cpu_s
        ):
            message = f"the benchmark's {limits.benchmark_cpu_s} s of CPU time were used up before"
            return Prediction(id=architecture.id, status="not_reached", message=message)
        if self._remaining_s() <= 0:
            message = "the time of the whole run was used up before"
            return Prediction(id=architecture.id, status="not_reached", message=message)
        with machine.shared():
            prediction = self._ask_once(architecture)
        if (
            prediction.status == "timeout"
            and prediction.cpu_time_s < limits.query_cpu_s / 2
            and self._waits_for_us
        ):
            with machine.alone():  # it waited rather than computed: perhaps for other jobs
                prediction = self._ask_once(architecture)
            self._waits_for_us = prediction.status != "timeout"
        return prediction

    def cpu_time_s(self) -> float:
        """Return the CPU seconds of all workers so far, measured from outside where that can be."""
        measured = self._worker.cpu_time_s() if self._worker is not None else 0.0
        if measured is None:
            return self._claimed_cpu_time_s
        return self._cpu_of_ended_workers + measured

    def close(self) -> None:
        """Stop the worker."""
        self._stop_worker()

    def manifest(self, started_at: str, wall_time_s: float) -> Manifest:
        """Return how the predictions came about."""
        job = self._job
        public = PublicManifest(
            benchmark=job.data.benchmark,
            submission=job.submission_name,
            submission_sha256=job.submission_sha256,
            method=self._method,
            isolation=self._isolation.name,
            data_source=job.minibatch.source,
            batch_size=len(job.minibatch.inputs),
            architectures=len(job.data.architectures),
            limits=msgspec.structs.asdict(job.limits),
            versions={"zcnas": __version__, "worker": self._versions},
            cpu_model=cpu_model(),
            setup_status=self._setup_status,
            setup_message=self._setup_message,
            start_up_s=round(self._start_up_s, 3),
            setup_wall_s=round(self._setup_wall_s, 3),
            worker_starts=self._worker_starts,
            wall_time_s=round(wall_time_s, 3),
            cpu_time_s=round(self.cpu_time_s(), 3),
        )
        organiser = OrganiserManifest(
            eval_seed=job.data.eval_seed,
            input_sha256=hashlib.sha256(msgspec.json.encode(job.data)).hexdigest(),
            cpu=job.cpu,
            image=getattr(self._isolation, "image", ""),
            started_at=started_at,
        )
        return Manifest(public=public, organiser=organiser)

    def _ask_once(self, architecture: Architecture) -> Prediction:
        if self._worker is None and self._setup_status in ("ok", "not_reached"):
            self._start_worker()
        if self._worker is None:
            return Prediction(
                id=architecture.id, status=self._setup_status, message=self._setup_message
            )
        job, worker = self._job, self._worker
        self._log.begin(architecture.id)
        seed = derive_seed(job.data.eval_seed, job.data.benchmark, architecture.spec)
        query = Query(os.urandom(NONCE_BYTES), seed, architecture.spec)
        cpu_before, kills_before = worker.cpu_time_s(), worker.memory_kills()
        begin = time.monotonic()
        limit_s = self._within_run(job.limits.query_wall_s + GRACE_S)
        answer = self._exchange(query.nonce, query.encode(), limit_s)
        wall_time_s = time.monotonic() - begin
        self._query_wall_s += wall_time_s
        cpu_after = worker.cpu_time_s()
        memory_killed = worker.memory_kills() > kills_before
        self._claimed_cpu_time_s += _plausible(answer.cpu_time_s)
        if cpu_before is None or cpu_after is None:
            cpu_time_s = _plausible(answer.cpu_time_s)
        else:
            cpu_time_s = cpu_after - cpu_before
        status, message = self._judge(answer, cpu_time_s, memory_killed)
        if status == "timeout" and self._remaining_s() <= 0:
            status, message = "not_reached", "the time of the whole run was over during this query"
        return Prediction(
            id=architecture.id,
            status=status,
            score=encode_score(answer.score) if status == "ok" else None,
            wall_time_s=round(wall_time_s, 6),
            cpu_time_s=round(cpu_time_s, 6),
            peak_memory_mb=round(_plausible(answer.peak_memory_mb), 3),
            message=message,
        )

    def _judge(self, answer: Answer, cpu_time_s: float, memory_killed: bool) -> tuple[Status, str]:
        """Return the status of an answer, given what was seen from outside."""
        limits = self._job.limits
        if answer.status == "killed" and memory_killed:
            return "memory", f"more than {limits.memory_mb} MiB of memory"
        if answer.status != "ok":
            return answer.status, answer.message
        if cpu_time_s > limits.query_cpu_s + 1:
            return "timeout", f"{cpu_time_s:.1f} s of CPU time; {limits.query_cpu_s} s are allowed"
        if math.isnan(answer.score):
            return "invalid", "the score is NaN"
        return "ok", ""

    def _remaining_s(self) -> float:
        """Return the wall seconds until the deadline of the whole run."""
        return math.inf if self._job.deadline is None else self._job.deadline - time.monotonic()

    def _within_run(self, limit_s: float) -> float:
        """Return a time limit cut to what the whole run has left."""
        return min(limit_s, max(0.0, self._remaining_s()))

    def _start_worker(self) -> None:
        """Start a worker, wait for its hello, have it load the submission and prepare."""
        job = self._job
        begin = time.monotonic()
        self._log.begin("set-up")
        place = WorkerPlace(job.program, job.submission, job.cpu, job.limits, self._log.write)
        self._worker = self._isolation.start(place)
        self._worker_starts += 1
        hello = self._exchange(HELLO_NONCE, None, START_LIMIT_S)
        if hello.status != "ok":
            raise OrganiserError(
                f"the worker did not start ({hello.message}); nothing of the submission had been "
                f"loaded. "
                f"See {job.output / job.data.benchmark}.log, and try `make image`"
            )
        self._versions = hello.message
        if self._worker_starts == 1:
            self._start_up_s = time.monotonic() - begin
        begin = time.monotonic()
        setup = Setup(
            nonce=os.urandom(NONCE_BYTES),
            benchmark=get_benchmark(job.data.benchmark).key,
            seed=derive_seed(job.data.eval_seed, job.data.benchmark, "pre_process"),
            query_cpu_s=job.limits.query_cpu_s,
            query_wall_s=job.limits.query_wall_s,
            memory_mb=job.limits.memory_mb,
            inputs=job.minibatch.inputs,
            targets=job.minibatch.targets,
        )
        answer = self._exchange(setup.nonce, setup.encode(), self._within_run(job.limits.setup_s))
        self._setup_wall_s += time.monotonic() - begin
        self._setup_status = answer.status
        if answer.status == "ok":
            self._method = " ".join(answer.message.split())[:MAX_METHOD_LENGTH] or self._method
        else:
            self._setup_message = f"in set-up: {answer.message}"
            self._stop_worker()

    def _exchange(self, nonce: bytes, request: bytes | None, time_limit_s: float) -> Answer:
        """Return the worker's answer, or the answer it would have owed.

        A worker that failed us is stopped.
        """
        worker = self._worker
        assert worker is not None
        deadline = time.monotonic() + time_limit_s
        try:
            if request is not None:
                send_frame(worker.stdin, request, deadline)
            content = receive_frame(worker.stdout, MAX_ANSWER_BYTES, deadline)
            if content is not None:
                answer = Answer.decode(content)
                if answer.nonce == nonce:
                    return answer
                raise WorkerFault("the worker answered another query than the one in flight")
        except TimeoutError:
            self._stop_worker()
            return Answer(nonce, "timeout", message=f"no answer within {time_limit_s:.0f} s")
        except WorkerFault as fault:
            self._stop_worker()
            return Answer(nonce, "error", message=str(fault))
        except OSError:
            pass  # the worker is gone, as when the stream has ended
        return Answer(nonce, "killed", message=f"the worker is gone: {self._stop_worker()}")

    def _stop_worker(self) -> str:
        if self._worker is None:
            return "not running"
        worker, self._worker = self._worker, None
        end = worker.stop()
        self._cpu_of_ended_workers += worker.cpu_time_s() or 0.0
        return end


def _plausible(claim: float) -> float:
    """Return a time or size the worker claims, or 0 where it cannot be one."""
    return claim if 0 <= claim < 1e9 else 0.0

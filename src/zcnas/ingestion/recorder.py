"""The recorder: asks one architecture after the other and decides what became of it.

It holds clock, order and limits; the worker (``worker.py``) holds the predictor. What comes from a
worker after it has loaded the submission is a claim: times are measured here, and only the frame of
the query in flight counts.

A worker lost in the middle of a query is the participant's fault unless the canary fails too: our
own trivial submission, on the same host, CPU and architecture, under the same limits. A query that
timed out is asked again only where the kernel saw it wait for its CPU.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import math
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from zcnas import __version__
from zcnas.benchmarks import get_benchmark
from zcnas.datasets import Minibatch
from zcnas.errors import OrganiserError
from zcnas.ingestion.conversation import Conversation, plausible
from zcnas.ingestion.logs import CappedLog
from zcnas.isolation import Isolation, WorkerPlace
from zcnas.isolation.machine import Machine, cpu_model
from zcnas.isolation.owners import owned_folder
from zcnas.isolation.probes import PROBES
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
)
from zcnas.seeds import derive_seed
from zcnas.text import legible
from zcnas.worker.channel import HELLO_NONCE, NONCE_BYTES, Answer, Query, Setup

START_LIMIT_S = 120
"""Wall seconds a worker may take to say hello; nothing of the participant's runs before that."""
GRACE_S = 5
"""Wall seconds a worker has beyond a limit to report it before it is stopped from outside."""
MAX_METHOD_LENGTH = 60


@dataclass(frozen=True)
class IngestionJob:
    """One submission on one benchmark, or on some of its architectures.

    Attributes:
        data: The benchmark's architectures.
        minibatch: What the dataloader yields first, and what after it.
        submission: The participant's folder.
        submission_name: Its name on the leaderboard.
        submission_sha256: Digest of its content.
        program: Folder with ``worker.py`` and the modules it imports.
        limits: The phase's limits.
        cpu: The CPU the worker may use.
        machine: Who else is using the machine.
        second_chance: Whether a query that waited for its CPU may be asked again at the end.
        deadline: ``time.monotonic()`` after which no query runs; None for no such moment.
        used_cpu_s: CPU seconds of the benchmark's limit that earlier architectures have used.
        used_wall_s: The same of its wall seconds.
    """

    data: BenchmarkInput
    minibatch: Minibatch
    submission: Path
    submission_name: str
    submission_sha256: str
    program: Path
    limits: Limits
    cpu: int
    machine: Machine = field(default_factory=Machine)
    second_chance: bool = True
    deadline: float | None = None
    used_cpu_s: float = 0.0
    used_wall_s: float = 0.0


class Recorder:
    """Asks for the architectures of one job.

    A worker is started when the first architecture is asked, and again when one was lost.
    """

    def __init__(self, job: IngestionJob, isolation: Isolation, log: CappedLog) -> None:
        self._job = job
        self._isolation = isolation
        self._log = log
        self._conversation = Conversation(job.machine.interrupted)
        self._query_wall_s = job.used_wall_s
        self._canary_cpu_s = 0.0
        self._second_chance = job.second_chance
        self._loses_workers_to_us = True
        self._setup_status: Status = "not_reached"
        self._setup_message = ""
        self._method = job.submission_name
        self._versions = ""
        self._bounds = ""
        self._start_up_s = 0.0
        self._setup_wall_s = 0.0
        self._worker_starts = 0

    def ask(self, architecture: Architecture) -> Prediction:
        """Return what became of one architecture.

        A lost worker is tried once more if the canary lives. When that ends in the same way, all
        later ones stand, or a submission could cost several times its limits; what a canary uses
        is on its account too.

        Raises:
            OrganiserError: No worker could be started on this machine, or the canary failed.
        """
        limits = self._job.limits
        if (
            self._query_wall_s + self._setup_wall_s > limits.benchmark_wall_s
            or self._job.used_cpu_s + self.cpu_time_s() + self._canary_cpu_s
            > limits.benchmark_cpu_s
        ):
            message = f"the benchmark's {limits.benchmark_cpu_s} s of CPU time were used up before"
            return Prediction(id=architecture.id, status="not_reached", message=message)
        if self._remaining_s() <= 0:
            message = "the time of the whole run was used up before"
            return Prediction(id=architecture.id, status="not_reached", message=message)
        prediction = self._ask_once(architecture)
        if self._lost_worker(prediction):
            self._try_canary(architecture)
            if self._conversation.loss == "gone" and self._loses_workers_to_us:
                self._forget_lost_setup()
                prediction = self._ask_once(architecture)
                self._loses_workers_to_us = not self._lost_worker(prediction)
                if not self._loses_workers_to_us:
                    self._try_canary(architecture)
        return prediction

    def grants_second_chance(self, prediction: Prediction) -> bool:
        """Return whether the query just asked may be asked again at the end; at most one may.

        It timed out, and for half of its time the kernel saw it ready to run while others had the
        CPU. Threads of its own that keep each other waiting use the CPU meanwhile, so what it used
        is taken off; a query that sleeps does not wait.
        """
        waited_s = self._conversation.longest_wait_s - prediction.cpu_time_s
        granted = (
            self._second_chance
            and prediction.status == "timeout"
            and waited_s >= self._job.limits.query_wall_s / 2
        )
        if granted:
            self._second_chance = False
        return granted

    def cpu_time_s(self) -> float:
        """Return the CPU seconds of all workers so far, measured from outside where that can be."""
        return self._conversation.cpu_time_s()

    def close(self) -> None:
        """Stop the worker."""
        self._conversation.stop()

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
            bounds=self._bounds,
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
        if self._conversation.worker is None and self._setup_status in ("ok", "not_reached"):
            self._start_worker()
        worker = self._conversation.worker
        self._conversation.longest_wait_s = 0.0  # of the set-up
        if worker is None:
            return Prediction(
                id=architecture.id, status=self._setup_status, message=self._setup_message
            )
        job, ask = self._job, self._conversation.exchange
        self._log.begin(architecture.id)
        seed = derive_seed(job.data.eval_seed, job.data.benchmark, architecture.spec)
        query = Query(os.urandom(NONCE_BYTES), seed, architecture.spec)
        cpu_before, kills_before = worker.cpu_time_s(), worker.memory_kills()
        begin = time.monotonic()
        limit_s = self._within_run(job.limits.query_wall_s + GRACE_S)
        answer = ask(query.nonce, query.encode(), limit_s)
        wall_time_s = time.monotonic() - begin
        self._query_wall_s += wall_time_s
        cpu_after = worker.cpu_time_s()
        memory_killed = worker.memory_kills() > kills_before
        if cpu_before is None or cpu_after is None:
            cpu_time_s = plausible(answer.cpu_time_s)
        else:
            cpu_time_s = cpu_after - cpu_before
        status, message = self._judge(answer, cpu_time_s, wall_time_s, memory_killed)
        if status == "timeout" and self._remaining_s() <= 0:
            status, message = "not_reached", "the time of the whole run was over during this query"
        return Prediction(
            id=architecture.id,
            status=status,
            score=encode_score(answer.score) if status == "ok" else None,
            wall_time_s=round(wall_time_s, 6),
            cpu_time_s=round(cpu_time_s, 6),
            peak_memory_mb=round(plausible(answer.peak_memory_mb), 3),
            message=message,
        )

    def _judge(
        self, answer: Answer, cpu_time_s: float, wall_time_s: float, memory_killed: bool
    ) -> tuple[Status, str]:
        """Return the status of an answer, given what was seen from outside."""
        limits = self._job.limits
        if answer.status == "killed" and memory_killed:
            return "memory", f"more than {limits.memory_mb} MiB of memory"
        if answer.status != "ok":
            return answer.status, answer.message
        if cpu_time_s > limits.query_cpu_s + 1:
            return "timeout", f"{cpu_time_s:.1f} s of CPU time; {limits.query_cpu_s} s are allowed"
        if wall_time_s > limits.query_wall_s:
            return (
                "timeout",
                f"answered after {wall_time_s:.1f} s; {limits.query_wall_s} s are allowed",
            )
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
        job, conversation = self._job, self._conversation
        begin = time.monotonic()
        self._log.begin("set-up")
        place = WorkerPlace(job.program, job.submission, job.cpu, job.limits, self._log.write)
        worker = self._isolation.start(place)
        conversation.begin(worker)
        self._bounds = worker.bounds
        self._worker_starts += 1
        hello = conversation.exchange(HELLO_NONCE, None, START_LIMIT_S)
        if hello.status != "ok":
            raise OrganiserError(
                f"the worker did not start ({hello.message}); nothing of the submission had been "
                f"loaded. See the log of {job.data.benchmark}, and try `zcnas image`"
            )
        self._versions = hello.message
        if self._worker_starts == 1:
            self._start_up_s = time.monotonic() - begin
            begin = time.monotonic()  # a later start is on account of whoever lost the worker
        setup = Setup(
            nonce=os.urandom(NONCE_BYTES),
            benchmark=get_benchmark(job.data.benchmark).key,
            seed=derive_seed(job.data.eval_seed, job.data.benchmark, "pre_process"),
            query_cpu_s=job.limits.query_cpu_s,
            query_wall_s=job.limits.query_wall_s,
            memory_mb=job.limits.memory_mb,
            inputs=job.minibatch.inputs,
            targets=job.minibatch.targets,
            further=job.minibatch.further(),
        )
        limit_s = self._within_run(job.limits.setup_s)
        answer = conversation.exchange(setup.nonce, setup.encode(), limit_s)
        self._setup_wall_s += time.monotonic() - begin
        self._setup_status = answer.status
        if answer.status == "ok":
            self._setup_message = ""
            self._method = legible(answer.message)[:MAX_METHOD_LENGTH] or self._method
        else:
            self._setup_message = f"in set-up: {answer.message}"
            conversation.stop()

    def _lost_worker(self, prediction: Prediction) -> bool:
        """Return whether this query lost its worker, and not to a limit that explains it."""
        lost = self._conversation.worker is None and self._conversation.loss is not None
        return lost and prediction.status not in ("memory", "not_reached")

    def _forget_lost_setup(self) -> None:
        if self._setup_status != "ok":
            self._setup_status = "not_reached"

    def _try_canary(self, architecture: Architecture) -> None:
        """Do nothing if our own trivial submission can be asked here.

        Raises:
            OrganiserError: It cannot, so the fault is this machine's.
        """
        if self._job.submission_name == _CANARY_NAME:
            return
        with owned_folder("canary") as temporary:
            folder = temporary / "canary"
            folder.mkdir(mode=0o755)
            shutil.copyfile(PROBES / "canary" / "predictor.py", folder / "predictor.py")
            (folder / "predictor.py").chmod(0o644)
            job = dataclasses.replace(
                self._job,
                submission=folder,
                submission_name=_CANARY_NAME,
                second_chance=False,
                deadline=None,
                used_cpu_s=0.0,
                used_wall_s=0.0,
            )
            begin = time.monotonic()
            with contextlib.closing(Recorder(job, self._isolation, self._log)) as canary:
                seen = canary.ask(architecture)
                self._canary_cpu_s += canary.cpu_time_s()
            self._query_wall_s += time.monotonic() - begin
        if seen.status != "ok":
            raise OrganiserError(
                f"the worker was lost, and our own trivial submission failed on this machine as "
                f"well ({seen.status}: {seen.message}); fix the machine, then repeat the command "
                f"to resume"
            )


_CANARY_NAME = "\N{BIRD}"
"""No submission can have this name: it cannot result from the name of a folder or zip."""

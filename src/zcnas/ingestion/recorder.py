"""The recorder: asks one architecture after the other and decides what became of it.

It holds clock, order and limits; the worker (``worker.py``) holds the predictor. What comes from a
worker after it has loaded the submission is a claim: times are measured here, and only the frame of
the query in flight counts.

A worker lost in the middle of a query is the participant's fault unless the canary fails too
(``session.py``). A query that timed out is asked again only where the kernel saw it wait for its
CPU.
"""

from __future__ import annotations

import contextlib
import hashlib
import os

import msgspec

from zcnas import __version__
from zcnas.ingestion.conversation import Conversation
from zcnas.ingestion.exchanges import Allowance
from zcnas.ingestion.job import IngestionJob
from zcnas.ingestion.logs import CappedLog
from zcnas.ingestion.session import GRACE_S, Session
from zcnas.isolation import Isolation, WorkerPlace
from zcnas.isolation.machine import cpu_model
from zcnas.isolation.probes import PROBES
from zcnas.isolation.throttling import throttle_count
from zcnas.words.hygiene import Throttling
from zcnas.words.records import (
    Architecture,
    Manifest,
    OrganiserManifest,
    Prediction,
    PublicManifest,
    Status,
    encode_score,
)
from zcnas.words.seeds import derive_seed
from zcnas.worker.channel import NONCE_BYTES, Query


class Recorder:
    """Asks for the architectures of one job.

    A worker is started when the first architecture is asked, and again when one was lost.
    """

    def __init__(self, job: IngestionJob, isolation: Isolation, log: CappedLog) -> None:
        self._job = job
        self._isolation = isolation
        self._log = log
        allowance = Allowance(job.limits.query_cpu_s, job.limits.query_wall_s)
        self._session = Session(job, isolation, log, "query", allowance)
        self._query_wall_s = job.used_wall_s
        self._second_chance = job.second_chance
        self._combines = False
        self._share_of_run_s = job.remaining_s()
        self._begun = job.gauge.now() if job.gauge is not None else 0.0
        self._throttled = throttle_count(job.cpu)

    def ask(self, architecture: Architecture) -> Prediction:
        """Return what became of one architecture.

        Raises:
            OrganiserError: No worker could be started on this machine, or the canary failed.
        """
        limits, session = self._job.limits, self._session
        if (
            self._query_wall_s + session.canary_wall_s + session.setup_wall_s
            > limits.benchmark_wall_s
            or self._job.used_cpu_s
            + self.cpu_time_s()
            + session.canary_cpu_s
            - session.first_fit_cpu_s
            > limits.benchmark_cpu_s
        ):
            message = f"the benchmark's {limits.benchmark_cpu_s} s of CPU time were used up before"
            return Prediction(id=architecture.id, status="not_reached", message=message)
        if self._job.remaining_s() <= self._kept_for_combine_s():
            message = "the time of the whole run was used up before"
            return Prediction(id=architecture.id, status="not_reached", message=message)
        return session.ask(
            lambda: self._ask_once(architecture), lambda job: self._probe(job, architecture)
        )

    def grants_second_chance(self, prediction: Prediction) -> bool:
        """Return whether the query just asked may be asked again at the end; at most one may.

        It timed out, and for half of its time the kernel saw it ready to run while others had the
        CPU. Threads of its own that keep each other waiting use the CPU meanwhile, so what it used
        is taken off; a query that sleeps does not wait.
        """
        longest_s = self._session.conversation.longest_wait_s / self._job.pace
        waited_s = longest_s - prediction.cpu_time_s
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
        return self._session.cpu_time_s()

    def recalibrate(self, age_s: float) -> None:
        """Calibrate the job's CPU beside its worker if the last time is older than that."""
        job = self._job
        if job.gauge is not None and job.gauge.is_due(job.cpu, age_s):
            probe = PROBES / "canary"
            place = WorkerPlace(job.program, probe, job.cpu, job.limits, self._log.write)
            conversation = Conversation(job.machine.interrupted)
            job.gauge.take_apart(place, self._isolation, conversation)

    def close(self) -> None:
        """Stop the worker."""
        self._session.close()

    def manifest(self, started_at: str, wall_time_s: float) -> Manifest:
        """Return how the predictions came about."""
        job, session = self._job, self._session
        public = PublicManifest(
            benchmark=job.data.benchmark,
            submission=job.submission_name,
            submission_sha256=job.submission_sha256,
            method=session.method,
            isolation=self._isolation.name,
            data_source=job.minibatch.source,
            batch_size=len(job.minibatch.inputs),
            architectures=len(job.data.architectures),
            limits=msgspec.structs.asdict(job.limits),
            versions={"zcnas": __version__, "worker": session.versions},
            bounds=session.bounds,
            cpu_model=cpu_model(),
            setup_status=session.setup_status,
            setup_message=session.setup_message,
            start_up_s=round(session.start_up_s, 3),
            setup_wall_s=round(session.setup_wall_s, 3),
            worker_starts=session.worker_starts,
            wall_time_s=round(wall_time_s, 3),
            cpu_time_s=round(self.cpu_time_s(), 3),
            combines=self._combines,
            track=job.track,
            labels=session.labels,
            fit_wall_s=round(session.fit_wall_s, 3),
            fit_cpu_s=round(session.fit_cpu_s, 3),
            reference_factors=(round(job.pace, 4),) if job.reference_seconds else (),
        )
        organiser = OrganiserManifest(
            eval_seed=job.data.eval_seed,
            input_sha256=hashlib.sha256(msgspec.json.encode(job.data)).hexdigest(),
            cpu=job.cpu,
            image=getattr(self._isolation, "image", ""),
            started_at=started_at,
            calibrations=job.gauge.taken(job.cpu, self._begun) if job.gauge is not None else (),
            throttling=self._throttling(),
        )
        return Manifest(public=public, organiser=organiser)

    def _throttling(self) -> tuple[Throttling, ...]:
        """Return how often heat had slowed the CPU down, at the start and now."""
        before, after = self._throttled, throttle_count(self._job.cpu)
        if before is None or after is None:
            return ()
        return (Throttling(cpu=self._job.cpu, before=before, after=after),)

    def _ask_once(self, architecture: Architecture) -> Prediction:
        job, session = self._job, self._session
        if not session.is_ready():
            return Prediction(
                id=architecture.id, status=session.setup_status, message=session.setup_message
            )
        self._log.begin(architecture.id)
        seed = derive_seed(job.data.eval_seed, job.data.benchmark, architecture.spec)
        query = Query(os.urandom(NONCE_BYTES), seed, architecture.spec)
        seen = session.exchange(query.nonce, query.encode())
        self._query_wall_s += seen.wall_time_s
        answer, valid = seen.answer, seen.status == "ok"
        self._combines = self._combines or (valid and bool(answer.parts))
        return Prediction(
            id=architecture.id,
            status=seen.status,
            score=encode_score(answer.score) if valid and not answer.parts else None,
            wall_time_s=seen.wall_time_s,
            cpu_time_s=seen.cpu_time_s,
            peak_memory_mb=seen.peak_memory_mb,
            message=seen.message,
            parts=(
                {name: encode_score(number) for name, number in answer.parts.items()}
                if valid and answer.parts
                else msgspec.UNSET
            ),
        )

    def _kept_for_combine_s(self) -> float:
        """Return the wall seconds before the whole run's deadline that ``combine`` will need."""
        limits = self._job.limits
        needed = limits.setup_s + limits.combine_wall_s + GRACE_S
        needed += limits.fit_wall_s if self._session.labels else 0
        return min(needed, self._share_of_run_s / 4) if self._combines else 0.0

    def _probe(self, job: IngestionJob, architecture: Architecture) -> tuple[Status, str, float]:
        """Return what became of the canary on an architecture, and the CPU seconds it used."""
        with contextlib.closing(Recorder(job, self._isolation, self._log)) as canary:
            seen = canary.ask(architecture)
            return seen.status, seen.message, canary.cpu_time_s()

"""A session: workers for one submission on one benchmark, one after the other, each set up alike.

It starts a worker when one is needed, has it load the submission, measures from outside what an
exchange with it costs, and decides whose fault a lost one is: the participant's, unless the canary
fails too, our own trivial submission on the same host, CPU and limits.
"""

from __future__ import annotations

import dataclasses
import math
import os
import shutil
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from zcnas.benchmarks import get_benchmark
from zcnas.errors import OrganiserError
from zcnas.ingestion.conversation import Conversation, plausible
from zcnas.ingestion.exchanges import Allowance, Exchange
from zcnas.ingestion.gauge import AGE_AT_END_S, FIRST_REPETITIONS, REPETITIONS
from zcnas.ingestion.job import IngestionJob
from zcnas.ingestion.logs import CappedLog
from zcnas.isolation import Isolation, Worker, WorkerPlace
from zcnas.isolation.owners import owned_folder
from zcnas.isolation.probes import PROBES
from zcnas.words.packed import NO_IMAGES
from zcnas.words.records import Status
from zcnas.words.seeds import derive_seed
from zcnas.words.text import legible
from zcnas.worker.channel import (
    HELLO_NONCE,
    MAX_ANSWER_BYTES,
    NONCE_BYTES,
    Answer,
    Fit,
    Purpose,
    Setup,
)

START_LIMIT_S = 120
"""Wall seconds a worker may take to say hello; nothing of the participant's runs before that."""
GRACE_S = 5
"""Wall seconds a worker has beyond a limit to report it before it is stopped from outside."""
MAX_METHOD_LENGTH = 60


class _HasStatus(Protocol):
    @property
    def status(self) -> Status: ...


_Outcome = TypeVar("_Outcome", bound=_HasStatus)
Probe = Callable[[IngestionJob], tuple[Status, str, float]]
"""Asks the canary, and returns its status, its message and the CPU seconds it used."""


class Session:
    """Talks to the workers of one job.

    Args:
        job: What is asked.
        isolation: Where workers run.
        log: Takes what the participant prints.
        purpose: What the workers are set up for.
        allowance: What each call may use.

    Attributes:
        conversation: With the worker at hand.
        setup_status: What became of the last set-up; ``not_reached`` before the first.
        setup_message: Why it failed; "" if it did not.
        method: What the predictor calls itself.
        versions: What the worker says of its packages.
        bounds: What bounds all processes of a call together, in words.
        start_up_s: Wall seconds until the first worker said hello.
        setup_wall_s: Wall seconds of all set-ups, and of every ``fit`` but the first.
        labels: How many labelled architectures each worker is given.
        fit_wall_s: Wall seconds of the last ``fit``.
        fit_cpu_s: CPU seconds of the last ``fit``.
        first_fit_cpu_s: CPU seconds of the first, on no other account than its own limit's; a later
            one is on account of whoever lost the worker.
        worker_starts: How many workers were started.
        canary_cpu_s: CPU seconds of our own submission.
        canary_wall_s: Wall seconds of it.
    """

    def __init__(
        self,
        job: IngestionJob,
        isolation: Isolation,
        log: CappedLog,
        purpose: Purpose,
        allowance: Allowance,
    ) -> None:
        self._job = job
        self._isolation = isolation
        self._log = log
        self._purpose: Purpose = purpose
        self._allowance = allowance
        self._loses_workers_to_us = True
        self.conversation = Conversation(job.machine.interrupted)
        self.setup_status: Status = "not_reached"
        self.setup_message = ""
        self.method = job.submission_name
        self.versions = ""
        self.bounds = ""
        self.start_up_s = 0.0
        self.setup_wall_s = 0.0
        self.labels = len(job.given_labels)
        self.fit_wall_s = 0.0
        self.fit_cpu_s = 0.0
        self.first_fit_cpu_s = 0.0
        self.worker_starts = 0
        self.canary_cpu_s = 0.0
        self.canary_wall_s = 0.0

    def close(self) -> None:
        """Stop the worker."""
        self.conversation.stop()

    def cpu_time_s(self) -> float:
        """Return the CPU seconds of all workers so far, in the unit of the limits."""
        return self.conversation.cpu_time_s() / self._job.pace

    def ask(self, once: Callable[[], _Outcome], probe: Probe) -> _Outcome:
        """Return what asking once comes to, or asking once more after a worker was lost.

        A lost worker is tried once more if the canary lives. When that ends in the same way, all
        later ones stand, or a submission could cost several times its limits; what a canary uses
        is on its account too.

        Raises:
            OrganiserError: No worker could be started on this machine, or the canary failed.
        """
        outcome = once()
        if self._lost_worker(outcome.status):
            self._try_canary(probe)
            if self.conversation.loss == "gone" and self._loses_workers_to_us:
                self._forget_lost_setup()
                outcome = once()
                self._loses_workers_to_us = not self._lost_worker(outcome.status)
                if not self._loses_workers_to_us:
                    self._try_canary(probe)
        return outcome

    def is_ready(self) -> bool:
        """Start a worker if there is none and the set-up may succeed; return whether one is there.

        Raises:
            OrganiserError: No worker could be started on this machine.
        """
        if self.conversation.worker is None and self.setup_status in ("ok", "not_reached"):
            self._start_worker()
        self.conversation.longest_wait_s = 0.0  # of the set-up
        return self.conversation.worker is not None

    def exchange(self, nonce: bytes, request: bytes, more_bytes: int = 0) -> Exchange:
        """Return the answer of the worker at hand, measured from outside.

        Args:
            nonce: The request's.
            request: The request.
            more_bytes: How much longer than ``MAX_ANSWER_BYTES`` the answer may be.
        """
        worker = self.conversation.worker
        assert worker is not None
        cpu_before, kills_before = worker.cpu_time_s(), worker.memory_kills()
        begin, pace = time.monotonic(), self._job.pace
        limit_s = self._job.within_run(self._allowance.wall_s * pace + GRACE_S)
        answer = self.conversation.exchange(nonce, request, limit_s, MAX_ANSWER_BYTES + more_bytes)
        wall_time_s = (time.monotonic() - begin) / pace
        cpu_after = worker.cpu_time_s()
        memory_killed = worker.memory_kills() > kills_before
        if cpu_before is None or cpu_after is None:
            cpu_time_s = plausible(answer.cpu_time_s) / pace
        else:
            cpu_time_s = (cpu_after - cpu_before) / pace
        status, message = self._judge(
            answer, cpu_time_s, wall_time_s, memory_killed, self._allowance
        )
        if status == "timeout" and self._job.remaining_s() <= 0:
            call = "query" if self._purpose == "query" else "call of combine"
            status, message = (
                "not_reached",
                f"the time of the whole run was over during this {call}",
            )
        return Exchange(
            answer=answer,
            status=status,
            message=message,
            wall_time_s=round(wall_time_s, 6),
            cpu_time_s=round(cpu_time_s, 6),
            peak_memory_mb=round(plausible(answer.peak_memory_mb), 3),
        )

    def _judge(
        self,
        answer: Answer,
        cpu_time_s: float,
        wall_time_s: float,
        memory_killed: bool,
        allowance: Allowance,
    ) -> tuple[Status, str]:
        """Return the status of an answer, given what was seen from outside.

        Times are in the unit of the limits.
        """
        cpu_s, wall_s, unit = allowance.cpu_s, allowance.wall_s, self._job.second
        if answer.status == "killed" and memory_killed:
            return "memory", f"more than {self._job.limits.memory_mb} MiB of memory"
        if answer.status == "timeout" and self._job.reference_seconds:
            told = f"{answer.message}; {cpu_s} {unit} of CPU time are allowed"
            return "timeout", f"{told}, and one is {self._job.pace:.2f} s of this CPU"
        if answer.status != "ok":
            return answer.status, answer.message
        if cpu_time_s > cpu_s + 1:
            return "timeout", f"{cpu_time_s:.1f} {unit} of CPU time; {cpu_s} {unit} are allowed"
        if wall_time_s > wall_s:
            return (
                "timeout",
                f"answered after {wall_time_s:.1f} {unit}; {wall_s} {unit} are allowed",
            )
        if any(map(math.isnan, (answer.score, *answer.parts.values(), *answer.scores))):
            return "invalid", "the score is NaN"
        return "ok", ""

    def _start_worker(self) -> None:
        """Start a worker, wait for its hello, have it load the submission and prepare."""
        job, conversation = self._job, self.conversation
        begin = time.monotonic()
        self._log.begin("set-up")
        place = WorkerPlace(job.program, job.submission, job.cpu, job.limits, self._log.write)
        worker = self._isolation.start(place)
        conversation.begin(worker)
        self.bounds = worker.bounds
        self.worker_starts += 1
        hello = conversation.exchange(HELLO_NONCE, None, START_LIMIT_S)
        if hello.status != "ok":
            raise OrganiserError(
                f"the worker did not start ({hello.message}); nothing of the submission had been "
                f"loaded. See the log of {job.data.benchmark}, and try `zcnas image`"
            )
        self.versions = hello.message
        if self.worker_starts == 1:
            self.start_up_s = time.monotonic() - begin
            begin = time.monotonic()  # a later start is on account of whoever lost the worker
        begin += self._calibrate()
        setup = self._setup()
        limit_s = job.within_run(job.limits.setup_s * job.pace)
        answer = conversation.exchange(setup.nonce, setup.encode(), limit_s)
        self.setup_wall_s += (time.monotonic() - begin) / job.pace
        self.setup_status, self.setup_message = answer.status, f"in set-up: {answer.message}"
        if answer.status == "ok":
            self.method = legible(answer.message)[:MAX_METHOD_LENGTH] or self.method
            self.setup_status, self.setup_message = self._fit(worker)
        if self.setup_status != "ok":
            conversation.stop()

    def _calibrate(self) -> float:
        """Have a worker that has loaded nothing yet calibrate its CPU if it is time.

        Returns:
            Wall seconds that this took.
        """
        begin, job = time.monotonic(), self._job
        if job.gauge is not None and job.gauge.is_due(job.cpu, AGE_AT_END_S):
            repetitions = FIRST_REPETITIONS if job.reference_seconds else REPETITIONS
            job.gauge.take(job.cpu, self.conversation, repetitions)
        return time.monotonic() - begin

    def _fit(self, worker: Worker) -> tuple[Status, str]:
        """Have a worker that is set up learn from the labels; return what came of it, and why."""
        job, limits = self._job, self._job.limits
        if not job.given_labels:
            return "ok", ""
        key, seed = job.data.benchmark, job.data.eval_seed
        request = Fit(
            nonce=os.urandom(NONCE_BYTES),
            seed=derive_seed(seed, key, "fit"),
            cpu_s=math.ceil(limits.fit_cpu_s * job.pace),
            labels=tuple(
                (each.spec, derive_seed(seed, key, each.spec), float(each.accuracy))
                for each in job.given_labels
            ),
        )
        self._log.begin("fit")
        cpu_before, kills_before = worker.cpu_time_s(), worker.memory_kills()
        begin = time.monotonic()
        limit_s = job.within_run(limits.fit_wall_s * job.pace + GRACE_S)
        answer = self.conversation.exchange(request.nonce, request.encode(), limit_s)
        self.fit_wall_s = (time.monotonic() - begin) / job.pace
        self.fit_cpu_s = ((worker.cpu_time_s() or 0.0) - (cpu_before or 0.0)) / job.pace
        if self.worker_starts == 1:
            self.first_fit_cpu_s = self.fit_cpu_s
        else:
            self.setup_wall_s += self.fit_wall_s
        allowance = Allowance(limits.fit_cpu_s, limits.fit_wall_s)
        status, message = self._judge(
            answer,
            self.fit_cpu_s,
            self.fit_wall_s,
            worker.memory_kills() > kills_before,
            allowance,
        )
        return status, "" if status == "ok" else f"in fit: {message}"

    def _setup(self) -> Setup:
        """Return what a worker is told of the benchmark; to combine alone it is given no images."""
        job = self._job
        fits = bool(job.given_labels)
        asks = fits or self._purpose == "query"
        kept = slice(None) if asks else slice(0)
        return Setup(
            nonce=os.urandom(NONCE_BYTES),
            benchmark=get_benchmark(job.data.benchmark).key,
            seed=derive_seed(job.data.eval_seed, job.data.benchmark, "pre_process"),
            query_cpu_s=math.ceil(self._allowance.cpu_s * job.pace),
            query_wall_s=math.ceil(self._allowance.wall_s * job.pace),
            memory_mb=job.limits.memory_mb,
            inputs=job.minibatch.inputs[kept],
            targets=job.minibatch.targets[kept],
            further=job.minibatch.further() if asks else NO_IMAGES,
            purpose=self._purpose,
            fits=fits,
            disguised=job.disguised,
        )

    def _lost_worker(self, status: Status) -> bool:
        """Return whether this call lost its worker, and not to a limit that explains it."""
        lost = self.conversation.worker is None and self.conversation.loss is not None
        return lost and status not in ("memory", "not_reached")

    def _forget_lost_setup(self) -> None:
        if self.setup_status != "ok":
            self.setup_status = "not_reached"

    def _try_canary(self, probe: Probe) -> None:
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
                labels=None,
                deadline=None,
                used_cpu_s=0.0,
                used_wall_s=0.0,
            )
            begin = time.monotonic()
            status, message, cpu_time_s = probe(job)
            self.canary_cpu_s += cpu_time_s
            self.canary_wall_s += (time.monotonic() - begin) / job.pace
        if status != "ok":
            raise OrganiserError(
                f"the worker was lost, and our own trivial submission failed on this machine as "
                f"well ({status}: {message}); fix the machine, then repeat the command to resume"
            )


_CANARY_NAME = "\N{BIRD}"
"""No submission can have this name: it cannot result from the name of a folder or zip."""

"""Every call of a predictor has a process of its own, forked from the worker, which then exits.

So nothing a call does reaches the next one, and the kernel enforces its limits on CPU time and
memory. Runs in the worker: nothing here is secret or judges a score.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import errno
import gc
import os
import resource
import select
import signal
import time
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from zcnas.benchmarks import get_benchmark
from zcnas.search_spaces import build_network, parse_spec
from zcnas.worker.channel import HELLO_NONCE, SCORE_BYTES, Answer, Combine, Purpose, Query, Setup
from zcnas.worker.confinement import confine_query
from zcnas.worker.contract import combine_caller, query_caller, to_parts, to_score, to_scores
from zcnas.worker.exits import leave_traces, place_in_traces
from zcnas.worker.faults import classify, describe
from zcnas.worker.own_process import OwnProcess
from zcnas.worker.processes import end_with_parent, kill_descendants, offer_to_go_first
from zcnas.worker.scratch import Scratch
from zcnas.worker.seeding import seed_everything
from zcnas.worker.slot import AnswerSlot

_MAX_TRACES = 65536
_LAST_WORDS_S = 2.0
_LONGEST_PAUSE_MS = 8
_MIB = 1 << 20
_CALLS: dict[Purpose, str] = {"query": "query", "combine": "call of combine"}
"""What a call is named in messages."""

Call = Callable[[], Answer]
"""Calls the participant's code; the answer's nonce and times are not filled in."""


class QueryServer:
    """Answers what a worker is set up for, each request in its own child process.

    Args:
        setup: The recorder's set-up.
        predictor: The predictor, set up.
        dataloader: Yields the minibatch; None to combine.
        scratch: Restored after every call.
        own: What the worker took before it loaded the submission.
        private: Descriptors that no child may keep.

    Raises:
        TypeError: The predictor lacks what it is to be asked for, or it cannot be called.
    """

    def __init__(
        self,
        setup: Setup,
        predictor: Any,
        dataloader: Any,
        scratch: Scratch,
        own: OwnProcess,
        private: tuple[int, int],
    ) -> None:
        self._setup = setup
        self._benchmark = get_benchmark(setup.benchmark)
        self._combine = combine_caller(predictor)
        if setup.purpose == "query":
            self._ask = query_caller(predictor, dataloader)
        elif self._combine is None:
            raise TypeError("there is no method combine(self, answers)")
        self._scratch = scratch
        self._own = own
        self._private = private
        self._slot = AnswerSlot()

    def begin(self) -> None:
        """Take note that set-up is over: what there is now, every call finds."""
        self._scratch.remember()
        _leave_children_little_to_copy()

    def answer(self, query: Query) -> Answer:
        """Return a new child's answer to a query, or how it ended without answering."""
        return self._serve(query.nonce, query.seed, lambda: self._prepare_query(query))

    def combine(self, request: Combine) -> Answer:
        """Return a new child's scores of all answers, or how it ended without any."""
        self._slot = AnswerSlot(SCORE_BYTES * len(request.answers))
        return self._serve(request.nonce, request.seed, lambda: self._prepare_combine(request))

    def _prepare_query(self, query: Query) -> Call:
        spec = parse_spec(self._benchmark.search_space, query.spec)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a submission may have made errors of them
            network = build_network(spec, self._benchmark)
            if self._setup.disguised:
                from zcnas.search_spaces.disguise import disguise  # an audit's alone

                disguise(network)

        def call() -> Answer:
            value = self._ask(network)
            if isinstance(value, dict):
                parts = to_parts(value, combines=self._combine is not None)
                return Answer(query.nonce, "ok", parts=parts)
            return Answer(query.nonce, "ok", to_score(value))

        return call

    def _prepare_combine(self, request: Combine) -> Call:
        combine, answers = self._combine, list(request.answers)
        assert combine is not None
        return lambda: Answer(
            request.nonce, "ok", scores=to_scores(combine(answers), len(request.answers))
        )

    def _serve(self, nonce: bytes, seed: int, prepare: Callable[[], Call]) -> Answer:
        try:
            reader, writer = os.pipe()
            os.set_blocking(reader, False)
            self._slot.clear()
            self._own.flush()
            child = os.fork()
        except Exception as error:  # noqa: BLE001 - of what a submission has replaced or used up
            self._own.print_traceback(error)
            message = describe(error, self._own.submission) + self._own.blame()
            return Answer(nonce, "error", message=message)
        if child == 0:
            try:
                for descriptor in (reader, *self._private):
                    os.close(descriptor)
                self._run_child(nonce, seed, prepare, writer)
            finally:
                os._exit(1)  # whatever happened, no child continues as the worker
        os.close(writer)
        waited_too_long = _waits_too_long(child, self._private[0], self._setup.query_wall_s)
        if waited_too_long:
            _end(child)
        _, wait_status, usage = os.wait4(child, 0)
        said, place = self._slot.take(), self._place_of_death(reader)
        kill_descendants()
        self._scratch.restore()
        return dataclasses.replace(
            self._verdict(said, place, wait_status, usage, waited_too_long),
            nonce=nonce,
            cpu_time_s=usage.ru_utime + usage.ru_stime,
            peak_memory_mb=usage.ru_maxrss / 1024,
        )

    def _run_child(
        self, nonce: bytes, seed: int, prepare: Callable[[], Call], traces: int
    ) -> NoReturn:
        """Call the predictor, leave the answer, and exit."""
        own, slot = self._own, self._slot
        is_ours = True
        try:
            self._limit_child()
            leave_traces(traces)
            own.exits.tell(lambda code, place: slot.put(self._exited(code, place)))
            seed_everything(seed)
            call = prepare()
            own.give_back()
            is_ours = False
            answer = call()
            own.take_names_back()
        except BaseException as error:  # noqa: BLE001 - the participant's code may raise anything
            message = own.tell(error, is_ours=is_ours)
            answer = Answer(nonce, classify(error), message=message)
        slot.put(answer)
        own.flush()
        own.exits.be_silent()
        os._exit(0)

    def _limit_child(self) -> None:
        """Make the kernel end this child after its CPU time and refuse it more memory."""
        end_with_parent()
        cpu, memory = self._setup.query_cpu_s, self._setup.memory_mb * _MIB
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        confine_query()
        if os.getppid() == 1:  # in a container: before the worker
            offer_to_go_first()

    def _place_of_death(self, reader: int) -> str:
        """Return where in the submission a fault of the kernel ended the call; "" if none did."""
        traces = b""
        with contextlib.suppress(BlockingIOError):
            traces = os.read(reader, _MAX_TRACES)
        os.close(reader)
        text = traces.decode(errors="replace")
        if text:
            self._own.note(text)
        return place_in_traces(text, self._own.submission)

    def _verdict(
        self,
        said: Answer | None,
        place: str,
        wait_status: int,
        usage: resource.struct_rusage,
        waited_too_long: bool,
    ) -> Answer:
        """Return what the child said, or how it ended; nonce and times are filled in later."""
        limit, call = self._setup.query_cpu_s, _CALLS[self._setup.purpose]
        cpu_time_s = usage.ru_utime + usage.ru_stime
        where = f" ({place})" if place else ""
        if waited_too_long:
            wall = self._setup.query_wall_s
            used = f"({cpu_time_s:.1f} s of CPU time used)"
            return Answer(HELLO_NONCE, "timeout", message=f"no answer after {wall} s {used}{where}")
        code = os.waitstatus_to_exitcode(wait_status)
        if said is not None and (code == 0 or said.status == "killed"):
            return said
        if code == -signal.SIGXCPU or (code == -signal.SIGKILL and cpu_time_s >= limit):
            message = f"the {call} used more than {limit} s of CPU time{where}"
            return Answer(HELLO_NONCE, "timeout", message=message)
        if code < 0:
            name = signal.Signals(-code).name
            message = f"the {call}'s process was killed by {name}{where}"
            return Answer(HELLO_NONCE, "killed", message=message)
        return self._exited(code, "")

    def _exited(self, code: int, place: str) -> Answer:
        where = f": os._exit was called ({place})" if place else ""
        call = _CALLS[self._setup.purpose]
        message = f"the {call}'s process exited with code {code} before answering{where}"
        return Answer(HELLO_NONCE, "killed", message=message)


def _waits_too_long(child: int, recorder: int, timeout_s: float) -> bool:
    """Wait for a child's end, and return whether its time ran out first.

    If the recorder closes its end of the requests, nobody waits for an answer and the worker exits;
    in a container, where it is process 1, everything ends with it.
    """
    poll = select.poll()
    poll.register(recorder, 0)  # a closed other end is always reported
    if (child_end := _descriptor_of(child)) is None:
        return _waits_too_long_asking(child, poll, timeout_s)
    poll.register(child_end, select.POLLIN)
    seen = {descriptor for descriptor, _ in poll.poll(timeout_s * 1000)}
    if recorder in seen:
        os._exit(1)
    os.close(child_end)
    return child_end not in seen


def _waits_too_long_asking(child: int, recorder: select.poll, timeout_s: float) -> bool:
    """Do the same where no descriptor stands for a process: ask again and again."""
    deadline, pause_ms = time.monotonic() + timeout_s, 1
    while not _has_ended(child):
        if time.monotonic() > deadline:
            return True
        if recorder.poll(pause_ms):
            os._exit(1)
        pause_ms = min(2 * pause_ms, _LONGEST_PAUSE_MS)
    return False


def _has_ended(child: int) -> bool:
    """Return whether a child has ended; whoever waits for it still learns how."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _descriptor_of(child: int) -> int | None:
    """Return a descriptor that is readable when a child has ended.

    None where the kernel has none, as gVisor, and Linux before 5.3.
    """
    try:
        return os.pidfd_open(child)
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        return None


def _end(child: int) -> None:
    """Kill a child, after a moment in which its Python lines are written (``leave_traces``)."""
    os.kill(child, signal.SIGABRT)
    deadline = time.monotonic() + _LAST_WORDS_S
    while not _has_ended(child) and time.monotonic() < deadline:
        time.sleep(_LONGEST_PAUSE_MS / 1000)
    os.kill(child, signal.SIGKILL)


def _leave_children_little_to_copy() -> None:
    """Return free heap to the kernel and exempt all existing objects from garbage collection.

    Otherwise a child copies the garbage when it reuses it, and every page the collector visits.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()

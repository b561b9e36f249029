"""The worker: holds the predictor and answers each query in a forked child that exits afterwards.

The recorder starts it as ``worker.py SUBMISSION_DIR`` in a container, or as a subprocess with the
number of a user. It reads
requests from its original stdin and writes answers to its original stdout (``channel.py``); what
the participant prints goes to stderr. CPU time and memory limits are set on the child and enforced
by the kernel. Nothing here is secret or judges a score: the recorder does not trust this process
once the submission is loaded.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import os
import resource
import select
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch

from zcnas.benchmarks import get_benchmark
from zcnas.search_spaces import build_network, get_search_space, parse_spec
from zcnas.worker import channel
from zcnas.worker.account import take_account
from zcnas.worker.channel import Answer, AnswerStatus, Query, Setup
from zcnas.worker.confinement import confine, confine_query
from zcnas.worker.contract import load_predictor, query_caller, to_score
from zcnas.worker.dataloader import make_dataloader
from zcnas.worker.exits import leave_traces, place_in_traces
from zcnas.worker.faults import classify, describe, refuse_debuggers
from zcnas.worker.hiding import VARIABLE, hide_packages
from zcnas.worker.own_process import OwnProcess
from zcnas.worker.processes import (
    become_reaper,
    end_with_parent,
    kill_descendants,
    offer_to_go_first,
)
from zcnas.worker.scratch import Scratch
from zcnas.worker.seeding import seed_everything
from zcnas.worker.slot import AnswerSlot
from zcnas.worker.threads import watched_threads

_MAX_TRACES = 65536
_LAST_WORDS_MS = 2000
_MIB = 1 << 20
_HIGH_DESCRIPTOR = 10_000
"""Where the worker's own descriptors begin, if the limit allows: above what code closes unseen."""


def main(submission: Path, user: int | None = None) -> None:
    """Serve one benchmark until the recorder closes the stream.

    Args:
        submission: The participant's folder.
        user: Whom a plain process started as root is to become before it loads the submission.
    """
    requests, answers, log = take_private_descriptors()
    recorder = os.getppid()
    become_reaper()
    if os.getpid() != 1:  # no container limits its memory: if the host runs out, it is killed first
        offer_to_go_first()
    torch.set_num_threads(1)
    if kept := os.environ.pop(VARIABLE, ""):
        hide_packages(kept.split(","))
    scratch = Scratch(Path(os.environ["TMPDIR"]))
    program = (Path(__file__).parent, Path(channel.__file__).parents[1])
    readable = (*program, submission)
    account = "" if user is None else f", {take_account(user, readable, scratch.folder)}"
    end_with_parent()  # a killed recorder leaves no worker behind; a change of user undoes this
    if os.getppid() != recorder:
        return
    confinement = confine(readable, scratch.folder)
    versions = (
        f"torch {torch.__version__}, numpy {np.__version__}, python {sys.version.split()[0]}; "
        f"confined by {confinement}{account}"
    )
    channel.send_frame(answers, Answer(channel.HELLO_NONCE, "ok", message=versions).encode())

    content = channel.receive_frame(requests, channel.MAX_REQUEST_BYTES)
    if content is None:
        return
    setup = Setup.decode(content)
    space = get_search_space(get_benchmark(setup.benchmark).search_space)
    space.network_builder()  # imports the networks once here, not in every child
    dataloader = make_dataloader(setup.inputs, setup.targets, setup.further)
    refuse_debuggers()
    own = OwnProcess(submission, log)

    def tell_exit(status: int, place: str) -> None:
        told = f"the worker is gone: os._exit({status}) was called ({place})"
        channel.send_frame(answers, Answer(setup.nonce, "killed", message=told).encode())

    own.exits.tell(tell_exit)
    try:
        seed_everything(setup.seed)
        with watched_threads(submission):
            predictor = load_predictor(submission)
            if hasattr(predictor, "set_ss_type"):
                predictor.set_ss_type(space.name_2022)
            if hasattr(predictor, "pre_process"):
                predictor.pre_process()
        ask = query_caller(predictor, dataloader)
        method = str(getattr(predictor, "method_type", ""))
    except BaseException as error:  # noqa: BLE001 - the participant's code may raise anything
        failed = Answer(setup.nonce, "error", message=own.tell(error, is_ours=False))
        channel.send_frame(answers, failed.encode())
        return
    own.exits.be_silent()
    own.take_back()
    channel.send_frame(answers, Answer(setup.nonce, "ok", message=method).encode())

    scratch.remember()
    server = QueryServer(setup, ask, scratch, own, private=(requests, answers))
    while (content := channel.receive_frame(requests, channel.MAX_REQUEST_BYTES)) is not None:
        channel.send_frame(answers, server.answer(Query.decode(content)).encode())


def take_private_descriptors() -> tuple[int, int, int]:
    """Return copies of stdin, stdout and stderr.

    Afterwards stdin is empty, and what is written to stdout goes to stderr.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    lowest = max(3, min(_HIGH_DESCRIPTOR, limit - 64))
    requests, answers, log = (
        fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, lowest) for number in range(3)
    )
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers, log


class QueryServer:
    """Answers the queries of one benchmark, each in its own child process.

    Args:
        setup: The recorder's set-up.
        ask: Calls the predictor's query with a network.
        scratch: Restored after every query.
        own: What the worker took before it loaded the submission.
        private: Descriptors that no child may keep.
    """

    def __init__(
        self,
        setup: Setup,
        ask: Callable[[Any], Any],
        scratch: Scratch,
        own: OwnProcess,
        private: tuple[int, int],
    ) -> None:
        self._setup = setup
        self._benchmark = get_benchmark(setup.benchmark)
        self._ask = ask
        self._scratch = scratch
        self._own = own
        self._private = private
        self._slot = AnswerSlot()
        _leave_children_little_to_copy()

    def answer(self, query: Query) -> Answer:
        """Return a new child's answer to a query, or how it ended without answering."""
        try:
            reader, writer = os.pipe()
            os.set_blocking(reader, False)
            self._slot.clear()
            self._own.flush()
            child = os.fork()
        except Exception as error:  # noqa: BLE001 - of what a submission has replaced or used up
            self._own.print_traceback(error)
            message = describe(error, self._own.submission) + self._own.blame()
            return Answer(query.nonce, "error", message=message)
        if child == 0:
            try:
                for descriptor in (reader, *self._private):
                    os.close(descriptor)
                self._run_child(query, writer)
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
        status, score, message = self._verdict(said, place, wait_status, usage, waited_too_long)
        return Answer(
            nonce=query.nonce,
            status=status,
            score=score,
            cpu_time_s=usage.ru_utime + usage.ru_stime,
            peak_memory_mb=usage.ru_maxrss / 1024,
            message=message,
        )

    def _run_child(self, query: Query, traces: int) -> NoReturn:
        """Query the predictor, leave the answer, and exit."""
        own, slot = self._own, self._slot
        status: AnswerStatus = "error"
        is_ours, score, message = True, 0.0, ""
        try:
            self._limit_child()
            leave_traces(traces)
            own.exits.tell(lambda code, place: slot.put("killed", 0.0, _exited(code, place)))
            seed_everything(query.seed)
            spec = parse_spec(self._benchmark.search_space, query.spec)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a submission may have made errors of them
                network = build_network(spec, self._benchmark)
            own.give_back()
            is_ours = False
            score = to_score(self._ask(network))
            status = "ok"
        except BaseException as error:  # noqa: BLE001 - the participant's code may raise anything
            message = own.tell(error, is_ours=is_ours)
            status = classify(error)
        slot.put(status, score, message)
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
        """Return where in the submission a fault of the kernel ended the query; "" if none did."""
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
        said: tuple[AnswerStatus, float, str] | None,
        place: str,
        wait_status: int,
        usage: resource.struct_rusage,
        waited_too_long: bool,
    ) -> tuple[AnswerStatus, float, str]:
        limit = self._setup.query_cpu_s
        cpu_time_s = usage.ru_utime + usage.ru_stime
        where = f" ({place})" if place else ""
        if waited_too_long:
            wall = self._setup.query_wall_s
            said_s = f"({cpu_time_s:.1f} s of CPU time used)"
            return "timeout", 0.0, f"no answer after {wall} s {said_s}{where}"
        code = os.waitstatus_to_exitcode(wait_status)
        if said is not None and (code == 0 or said[0] == "killed"):
            return said
        if code == -signal.SIGXCPU or (code == -signal.SIGKILL and cpu_time_s >= limit):
            return "timeout", 0.0, f"the query used more than {limit} s of CPU time{where}"
        if code < 0:
            name = signal.Signals(-code).name
            return "killed", 0.0, f"the query's process was killed by {name}{where}"
        return "killed", 0.0, _exited(code, "")


def _exited(code: int, place: str) -> str:
    where = f": os._exit was called ({place})" if place else ""
    return f"the query's process exited with code {code} before answering{where}"


def _waits_too_long(child: int, recorder: int, timeout_s: float) -> bool:
    """Wait for a child's end, and return whether its time ran out first.

    If the recorder closes its end of the requests, nobody waits for an answer and the worker exits;
    in a container, where it is process 1, everything ends with it.
    """
    child_end = os.pidfd_open(child)
    poll = select.poll()
    poll.register(child_end, select.POLLIN)
    poll.register(recorder, 0)  # a closed other end is always reported
    seen = {descriptor for descriptor, _ in poll.poll(timeout_s * 1000)}
    if recorder in seen:
        os._exit(1)
    os.close(child_end)
    return child_end not in seen


def _end(child: int) -> None:
    """Kill a child, after a moment in which its Python lines are written (``leave_traces``)."""
    child_end = os.pidfd_open(child)
    os.kill(child, signal.SIGABRT)
    poll = select.poll()
    poll.register(child_end, select.POLLIN)
    poll.poll(_LAST_WORDS_MS)
    os.close(child_end)
    os.kill(child, signal.SIGKILL)


def _leave_children_little_to_copy() -> None:
    """Return free heap to the kernel and exempt all existing objects from garbage collection.

    Otherwise a child copies the garbage when it reuses it, and every page the collector visits.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()


if __name__ == "__main__":
    submitted, *users = sys.argv[1:]
    del sys.argv[1:]  # nothing of ours is for the submission's own parser of arguments
    main(Path(submitted), *map(int, users))

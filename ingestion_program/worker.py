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
import gc
import os
import resource
import select
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import psutil
import torch
from torch.utils.data import DataLoader, TensorDataset

from zcnas.benchmarks import Benchmark, get_benchmark
from zcnas.search_spaces import build_network, get_search_space, parse_spec
from zcnas.worker import channel
from zcnas.worker.account import take_account
from zcnas.worker.channel import Answer, AnswerStatus, Query, Setup
from zcnas.worker.confinement import confine, confine_query
from zcnas.worker.contract import load_predictor, query_caller, to_score
from zcnas.worker.faults import classify, describe, refuse_debuggers
from zcnas.worker.hiding import VARIABLE, hide_packages
from zcnas.worker.scratch import Scratch
from zcnas.worker.seeding import seed_everything

_CHILD_ANSWER = struct.Struct("!BdH")
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_MIB = 1 << 20


def main(submission: Path, user: int | None = None) -> None:
    """Serve one benchmark until the recorder closes the stream.

    Args:
        submission: The participant's folder.
        user: Whom a plain process started as root is to become before it loads the submission.
    """
    requests, answers = take_private_descriptors()
    recorder = os.getppid()
    _become_reaper()
    if os.getpid() != 1:  # no container limits its memory: if the host runs out, it is killed first
        _offer_to_go_first()
    torch.set_num_threads(1)
    if kept := os.environ.pop(VARIABLE, ""):
        hide_packages(kept.split(","))
    scratch = Scratch(Path(os.environ["TMPDIR"]))
    program = (Path(__file__).parent, Path(channel.__file__).parents[1])
    readable = (*program, submission)
    account = "" if user is None else f", {take_account(user, readable, scratch.folder)}"
    _end_with_parent()  # a killed recorder leaves no worker behind; a change of user undoes this
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
    benchmark = get_benchmark(setup.benchmark)
    space = get_search_space(benchmark.search_space)
    space.network_builder()  # imports the networks once here, not in every child
    dataset = TensorDataset(torch.from_numpy(setup.inputs), torch.from_numpy(setup.targets))
    dataloader = DataLoader(dataset, batch_size=len(setup.inputs))
    refuse_debuggers()
    try:
        seed_everything(setup.seed)
        predictor = load_predictor(submission)
        if hasattr(predictor, "set_ss_type"):
            predictor.set_ss_type(space.name_2022)
        if hasattr(predictor, "pre_process"):
            predictor.pre_process()
        ask = query_caller(predictor, dataloader)
        method = str(getattr(predictor, "method_type", ""))
    except BaseException as error:  # noqa: BLE001 - the participant's code may raise anything
        traceback.print_exc()
        failed = Answer(setup.nonce, "error", message=describe(error, submission))
        channel.send_frame(answers, failed.encode())
        return
    channel.send_frame(answers, Answer(setup.nonce, "ok", message=method).encode())

    scratch.remember()
    server = QueryServer(setup, benchmark, ask, scratch, submission, (requests, answers))
    while (content := channel.receive_frame(requests, channel.MAX_REQUEST_BYTES)) is not None:
        channel.send_frame(answers, server.answer(Query.decode(content)).encode())


def take_private_descriptors() -> tuple[int, int]:
    """Return copies of stdin and stdout; afterwards stdin is empty and output goes to stderr."""
    requests, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, answers


class QueryServer:
    """Answers the queries of one benchmark, each in its own child process.

    Args:
        setup: The recorder's set-up.
        benchmark: The benchmark the set-up names.
        ask: Calls the predictor's query with a network.
        scratch: Restored after every query.
        submission: The participant's folder.
        private: Descriptors that no child may keep.
    """

    def __init__(
        self,
        setup: Setup,
        benchmark: Benchmark,
        ask: Callable[[Any], Any],
        scratch: Scratch,
        submission: Path,
        private: tuple[int, int],
    ) -> None:
        self._setup = setup
        self._benchmark = benchmark
        self._ask = ask
        self._scratch = scratch
        self._submission = submission
        self._private = private
        _leave_children_little_to_copy()

    def answer(self, query: Query) -> Answer:
        """Return a new child's answer to a query, or how it ended without answering."""
        reader, writer = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            try:
                for descriptor in (reader, *self._private):
                    os.close(descriptor)
                self._run_child(query, writer)
            finally:
                os._exit(1)  # whatever happened, no child continues as the worker
        os.close(writer)
        recorder = self._private[0]
        said, waited_too_long = _listen(child, reader, recorder, self._setup.query_wall_s)
        os.close(reader)
        if waited_too_long:
            os.kill(child, signal.SIGKILL)
        _, wait_status, usage = os.wait4(child, 0)
        _kill_descendants()
        self._scratch.restore()
        status, score, message = self._verdict(said, wait_status, usage, waited_too_long)
        return Answer(
            nonce=query.nonce,
            status=status,
            score=score,
            cpu_time_s=usage.ru_utime + usage.ru_stime,
            peak_memory_mb=usage.ru_maxrss / 1024,
            message=message,
        )

    def _run_child(self, query: Query, writer: int) -> NoReturn:
        """Query the predictor, write the result, and exit."""
        status: AnswerStatus = "error"
        score, message = 0.0, ""
        try:
            self._limit_child()
            seed_everything(query.seed)
            spec = parse_spec(self._benchmark.search_space, query.spec)
            network = build_network(spec, self._benchmark)
            score = to_score(self._ask(network))
            status = "ok"
        except BaseException as error:  # noqa: BLE001 - the participant's code may raise anything
            status, message = classify(error), describe(error, self._submission)
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        text = message.encode(errors="replace")[: channel.MAX_MESSAGE_BYTES]
        status_number = channel.ANSWER_STATUSES.index(status)
        os.write(writer, _CHILD_ANSWER.pack(status_number, score, len(text)) + text)
        os._exit(0)

    def _limit_child(self) -> None:
        """Make the kernel end this child after its CPU time and refuse it more memory."""
        _end_with_parent()
        cpu, memory = self._setup.query_cpu_s, self._setup.memory_mb * _MIB
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        confine_query()
        if os.getppid() == 1:  # in a container: before the worker
            _offer_to_go_first()

    def _verdict(
        self, said: bytes, wait_status: int, usage: resource.struct_rusage, waited_too_long: bool
    ) -> tuple[AnswerStatus, float, str]:
        limit = self._setup.query_cpu_s
        cpu_time_s = usage.ru_utime + usage.ru_stime
        if waited_too_long:
            wall = self._setup.query_wall_s
            return "timeout", 0.0, f"no answer after {wall} s ({cpu_time_s:.1f} s of CPU time used)"
        code = os.waitstatus_to_exitcode(wait_status)
        if code == 0 and len(said) >= _CHILD_ANSWER.size:
            status, score, length = _CHILD_ANSWER.unpack_from(said)
            text = said[_CHILD_ANSWER.size :][:length].decode(errors="replace")
            return channel.ANSWER_STATUSES[status % len(channel.ANSWER_STATUSES)], score, text
        if code == -signal.SIGXCPU or (code == -signal.SIGKILL and cpu_time_s >= limit):
            return "timeout", 0.0, f"the query used more than {limit} s of CPU time"
        if code < 0:
            return "killed", 0.0, f"the query's process was killed by {signal.Signals(-code).name}"
        return (
            "killed",
            0.0,
            f"the query's process exited with code {code} before answering",
        )


def _listen(child: int, reader: int, recorder: int, timeout_s: float) -> tuple[bytes, bool]:
    """Return what a child has written by its end, and whether its time ran out first.

    This watches for the child's end, not the pipe's: a process it leaves behind may keep the pipe
    open. If the recorder closes its end of the requests, nobody waits for an answer and the worker
    exits; in a container, where it is process 1, everything ends with it.
    """
    os.set_blocking(reader, False)
    child_end = os.pidfd_open(child)
    poll = select.poll()
    poll.register(child_end, select.POLLIN)
    poll.register(recorder, 0)  # a closed other end is always reported
    seen = {descriptor for descriptor, _ in poll.poll(timeout_s * 1000)}
    if recorder in seen:
        os._exit(1)
    in_time = child_end in seen
    os.close(child_end)
    try:
        return os.read(reader, channel.MAX_ANSWER_BYTES), not in_time
    except BlockingIOError:
        return b"", not in_time


def _leave_children_little_to_copy() -> None:
    """Return free heap to the kernel and exempt all existing objects from garbage collection.

    Otherwise a child copies the garbage when it reuses it, and every page the collector visits.
    """
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()


def _end_with_parent() -> None:
    """Make the kernel kill this process when the one that started it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _offer_to_go_first() -> None:
    """Ask the kernel to kill this process before others if memory runs out, where permitted."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _become_reaper() -> None:
    """Make this process adopt orphans, so that none escapes ``_kill_descendants``."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _kill_descendants() -> None:
    """Kill whatever a query left running, so that it cannot reach a later query."""
    while True:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        if os.getpid() == 1:
            os.kill(-1, signal.SIGKILL)  # everything else in the container, all at once
        else:
            for member in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
        time.sleep(0.001)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
